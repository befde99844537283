package io.millrace.coordination.membership;

import static io.millrace.coordination.membership.BrokerProcess.self;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** coordination.md, "Registration and incarnations"; 4.18. */
class BrokerRegistrationTest {
  private MemoryWorld world = new MemoryWorld(1);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private Node node(BrokerProcess by, String path) {
    ReadOutcome<Node> read = world.get(by.store(), s -> s.read(path));
    assertThat(read).as(path).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) read).value();
  }

  private LiveBrokerNode live(BrokerProcess by, int id) {
    return ((ZnodeReading.Understood<LiveBrokerNode>)
            ZnodeJson.LIVE_BROKER.read(node(by, ZnodePaths.liveBroker(id)).data()))
        .content();
  }

  private KnownBrokerNode known(BrokerProcess by, int id) {
    return ((ZnodeReading.Understood<KnownBrokerNode>)
            ZnodeJson.KNOWN_BROKER.read(node(by, ZnodePaths.knownBroker(id)).data()))
        .content();
  }

  @Test
  void registersAsTheVersionOfItsKnownNode() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    assertThat(node(broker, ZnodePaths.knownBroker(3)).version()).isEqualTo(1);
    assertThat(known(broker, 3).getIncarnation()).isEqualTo(1);
    assertThat(node(broker, ZnodePaths.liveBroker(3)).ephemeralOwner())
        .isEqualTo(broker.store().knownSession());
    LiveBrokerNode live = live(broker, 3);
    assertThat(live.getIncarnation()).isEqualTo(1);
    assertThat(live.getId()).isEqualTo(3);
    assertThat(live.getEndpoints(0).getHost()).isEqualTo("host-3");
  }

  @Test
  @DisplayName("performance.md: a restart does not wait for its old session")
  void replacesItsGhostAtOnce() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    first.kill();

    BrokerProcess second = BrokerProcess.start(world, self(3));
    long before = world.scheduler().nanoTime();
    second.await("registered 2");

    assertThat(world.scheduler().nanoTime() - before).isLessThan(100_000_000);
    assertThat(live(second, 3).getIncarnation()).isEqualTo(2);
    // The end of the ghost's session takes nothing of the new one's away.
    world.scheduler().runFor(20_000_000_000L);
    assertThat(live(second, 3).getIncarnation()).isEqualTo(2);
    assertThat(second.heard()).containsExactly("registered 2");
  }

  @Test
  @DisplayName("B75: a ghost of another boot is waited for")
  void b75_waitsForTheSessionOfAnotherBoot() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    first.kill();

    BrokerProcess second = BrokerProcess.start(world, self(3, "directory-3", "boot-2", false));
    world.scheduler().runFor(2_000_000_000L);
    assertThat(second.heard()).isEmpty();

    second.await("registered 2");
  }

  @Test
  @DisplayName("B64: the second host with the same id is refused, the first goes on")
  void b64_refusesTheSecondHost() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");

    BrokerProcess second = BrokerProcess.start(world, self(3, "elsewhere", "boot-9", true));
    second.await("refused");

    world.settle();
    assertThat(first.heard()).containsExactly("registered 1");
    assertThat(node(first, ZnodePaths.knownBroker(3)).version()).isEqualTo(1);
  }

  @Test
  @DisplayName("coordination.md: whose live node is replaced by another incarnation stops at once")
  void stopsWhenItsNodeIsReplaced() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");

    // The same directory started twice, in spite of its lock.
    BrokerProcess second = BrokerProcess.start(world, self(3));
    second.await("registered 2");

    first.await("refused");
    world.settle();
    assertThat(second.heard()).containsExactly("registered 2");
  }

  @Test
  void registersAgainWhenItsNodeIsDeletedByHand() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    world.get(broker.store(), s -> s.delete(ZnodePaths.liveBroker(3), 0));

    broker.await("registered 2");
    assertThat(broker.heard()).containsExactly("registered 1", "expired", "registered 2");
  }

  @Test
  @DisplayName("4.18: suspended is not expired")
  void goesOnAfterAShortLossOfContact() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    world.ensemble().disconnect(broker.store());
    broker.await("resumed");

    world.settle();
    assertThat(broker.heard()).containsExactly("registered 1", "suspended", "resumed");
    assertThat(live(broker, 3).getIncarnation()).isEqualTo(1);
  }

  @Test
  @DisplayName("reliability 8.7: the local clock says when others may have declared us dead")
  void tellsWhenItIsOutOfTime() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    world.ensemble().setIsolated(broker.store(), true);
    broker.await("out of time");
    assertThat(broker.heard()).containsExactly("registered 1", "suspended", "out of time");
    world.scheduler().runFor(2_000_000_000L);
    world.ensemble().setIsolated(broker.store(), false);

    broker.await("registered 2");
    assertThat(broker.heard())
        .containsExactly("registered 1", "suspended", "out of time", "expired", "registered 2");
  }

  @Test
  @DisplayName("4.18: expired voids everything; the broker comes back as another incarnation")
  void registersAnewAfterAnExpiry() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    world.expire(broker.store());
    broker.await("registered 2");

    assertThat(broker.heard())
        .containsExactly("registered 1", "suspended", "expired", "registered 2");
    assertThat(live(broker, 3).getIncarnation()).isEqualTo(2);
  }

  @Test
  void leavesNothingBehindAtACleanStop() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");

    world.get(broker.registration().stop());

    ReadOutcome<Node> read = world.get(broker.store(), s -> s.read(ZnodePaths.liveBroker(3)));
    assertThat(read instanceof ReadOutcome.Absent).isTrue();
    world.settle();
    assertThat(broker.heard()).containsExactly("registered 1");
  }

  @Test
  void stopsWithoutContactToo() {
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    broker.await("registered 1");
    world.stopServers();
    broker.await("suspended");

    world.get(broker.registration().stop());
  }

  @RepeatedTest(60)
  @DisplayName("reliability 8.5, B75: no write's fate makes two registrations of one")
  void registersOnceWhateverBecomesOfTheWrites(RepetitionInfo repetition) {
    world = new MemoryWorld(repetition.getCurrentRepetition());
    BrokerProcess.start(world, self(4)).await("registered 1");
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    world.ensemble().setWriteFaults(500);
    world.await("registered", () -> broker.heard().stream().anyMatch(s -> s.startsWith("reg")));
    world.ensemble().setWriteFaults(0);
    world.scheduler().runFor(10_000_000_000L);

    List<String> registrations =
        broker.heard().stream().filter(heard -> heard.startsWith("registered")).toList();
    int incarnation = live(broker, 3).getIncarnation();
    assertThat(broker.heard()).doesNotContain("refused");
    assertThat(registrations.get(registrations.size() - 1)).isEqualTo("registered " + incarnation);
    assertThat(node(broker, ZnodePaths.knownBroker(3)).version()).isEqualTo(incarnation);
    assertThat(node(broker, ZnodePaths.liveBroker(3)).ephemeralOwner())
        .isEqualTo(broker.store().knownSession());
  }

  // ---- The doubtful start ----------------------------------------------------------------------

  @Test
  @DisplayName("H1, H10: bump, leave, record, and only then show itself")
  void leavesItsSetsBeforeItShowsItself() {
    BrokerProcess broker = BrokerProcess.start(world, self(3), true);
    broker.await("registered 2");

    assertThat(broker.heard()).containsExactly("leave", "record boot id", "registered 2");
  }

  @Test
  void startsOverWhenLeavingFails() {
    BrokerProcess broker =
        BrokerProcess.start(world, self(3), true).answeringWith(false, false, true);
    broker.await("registered 4");

    assertThat(broker.heard())
        .containsExactly("leave", "leave", "leave", "record boot id", "registered 4");
  }

  @Test
  @DisplayName("H1: the known node is bumped before, so that no expansion for the old life fits")
  void bumpsBeforeItLeaves() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    first.kill();

    BrokerProcess second =
        BrokerProcess.start(world, self(3, "directory-3", "boot-2", false), true);
    second.await("record boot id");

    // The ghost of the other boot stands still, and an expansion that checks version 1 fails.
    assertThat(live(second, 3).getIncarnation()).isEqualTo(1);
    Object admitted =
        world.get(
            second.store(),
            s -> s.transact(List.of(new StoreOp.Check(ZnodePaths.knownBroker(3), 1))));
    assertThat(admitted.toString()).contains("VERSION");
    second.await("registered 3");
    assertThat(second.heard()).containsExactly("leave", "record boot id", "registered 3");
  }

  @Test
  @DisplayName("F21: a replaced data directory leaves everything, and says that all is lost")
  void aNewDirectoryLeavesAsLost() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    world.get(first.registration().stop());

    BrokerProcess second = BrokerProcess.start(world, self(3, "new", "boot-1", true));
    second.await("registered 3");

    assertThat(second.heard())
        .containsExactly("leave, all is lost", "record boot id", "registered 3");
    assertThat(known(second, 3).getDirectoryId()).isEqualTo("new");
  }

  @Test
  void aNewDirectoryIsNotForgottenByACrashInBetween() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    world.get(first.registration().stop());

    BrokerProcess second =
        BrokerProcess.start(world, self(3, "new", "boot-1", true)).answeringWith(false);
    second.await("leave, all is lost");
    second.kill();
    BrokerProcess third = BrokerProcess.start(world, self(3, "new", "boot-1", true), true);
    world.await("registered", () -> third.heard().stream().anyMatch(s -> s.startsWith("reg")));

    assertThat(third.heard()).contains("leave, all is lost").doesNotContain("leave");
  }

  @RepeatedTest(30)
  @DisplayName("H1, H10: whatever becomes of the writes, it never shows itself before it has left")
  void aDoubtfulStartKeepsItsOrderUnderFaults(RepetitionInfo repetition) {
    world = new MemoryWorld(repetition.getCurrentRepetition());
    BrokerProcess other = BrokerProcess.start(world, self(4));
    other.await("registered 1");
    BrokerProcess broker = BrokerProcess.start(world, self(3), true);
    world.ensemble().setWriteFaults(400);
    world.await(
        "registered or seen",
        () -> {
          ReadOutcome<Node> read =
              world.get(
                  other.store(),
                  s -> s.sync("/").thenCompose(isSynced -> s.read(ZnodePaths.liveBroker(3))));
          return read instanceof ReadOutcome.Found;
        });

    assertThat(broker.heard()).contains("leave", "record boot id");
  }

  // ---- What others left there ------------------------------------------------------------------

  @Test
  @DisplayName("B71: a damaged known node keeps its version, and with it the order of lives")
  void b71_goesOnFromADamagedKnownNode() {
    BrokerProcess first = BrokerProcess.start(world, self(3));
    first.await("registered 1");
    world.get(first.registration().stop());
    world.get(
        first.store(),
        s -> s.set(ZnodePaths.knownBroker(3), ByteString.copyFromUtf8("rubbish"), 1));

    BrokerProcess second = BrokerProcess.start(world, self(3));
    second.await("registered 3");
  }

  @Test
  @DisplayName("B75: a live node that is nobody's session is waited for, not believed")
  void b75_doesNotTakeExistsForSuccess() {
    BrokerProcess other = BrokerProcess.start(world, self(4));
    other.await("registered 1");
    world.get(
        other.store(),
        s ->
            s.create(
                ZnodePaths.liveBroker(3), ByteString.copyFromUtf8("rubbish"), NodeKind.EPHEMERAL));

    BrokerProcess broker = BrokerProcess.start(world, self(3));
    world.scheduler().runFor(2_000_000_000L);
    assertThat(broker.heard()).isEmpty();

    world.get(other.store(), s -> s.delete(ZnodePaths.liveBroker(3), 0));
    broker.await("registered 1");
  }

  @Test
  void aLostAnswerIsLookedInto() {
    BrokerProcess founder = BrokerProcess.start(world, self(4));
    founder.await("registered 1");
    BrokerProcess broker = BrokerProcess.start(world, self(3));
    world.ensemble().setNextWrite(broker.store(), WriteFate.LOST_AFTER);
    world.await("registered", () -> broker.heard().contains("registered 1"));

    assertThat(live(broker, 3).getIncarnation()).isEqualTo(1);
  }

  @Test
  @DisplayName("B88: a directory that remembers an earlier run than the cluster is not believed")
  void b88_anOldCopyLeavesItsSets() {
    for (int life = 1; life <= 3; life++) {
      BrokerProcess broker = BrokerProcess.start(world, self(3), LastRun.believed(life - 1));
      broker.await("registered " + life);
      assertThat(broker.heard()).containsExactly("registered " + life);
      world.get(broker.registration().stop());
    }

    BrokerProcess copy = BrokerProcess.start(world, self(3), LastRun.believed(2));

    copy.await("registered 5");
    assertThat(copy.heard())
        .containsExactly("leave, an old copy", "record boot id", "registered 5");
  }

  @Test
  @DisplayName("B88, F22: an old copy on another boot has lost more than what was not flushed")
  void b88_anOldCopyOnAnotherBootIsMoreThanInDoubt() {
    for (int life = 1; life <= 3; life++) {
      BrokerProcess broker = BrokerProcess.start(world, self(3), LastRun.believed(life - 1));
      broker.await("registered " + life);
      world.get(broker.registration().stop());
    }

    BrokerProcess copy = BrokerProcess.start(world, self(3), LastRun.inDoubt(OptionalInt.of(2)));
    copy.await("registered 5");
    assertThat(copy.heard()).contains("leave, an old copy");
    world.get(copy.registration().stop());

    BrokerProcess last = BrokerProcess.start(world, self(3), LastRun.inDoubt(OptionalInt.of(5)));
    last.await("registered 7");
    assertThat(last.heard()).doesNotContain("leave, an old copy");
  }

  @Test
  @DisplayName("B88: its own later registrations do not make a running broker an old copy")
  void b88_anExpiryIsNoOldCopy() {
    BrokerProcess broker = BrokerProcess.start(world, self(3), LastRun.believed(0));
    broker.await("registered 1");
    world.expire(broker.store());
    broker.await("registered 2");
    assertThat(broker.heard()).doesNotContain("leave, an old copy");
  }
}
