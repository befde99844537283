package io.millrace.coordination.election;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.election.PartitionElection.Outcome;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.VouchedEnd;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.Readings;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** coordination.md, "Electing a partition leader"; reliability 8.5, 8.6, 8.8. */
class PartitionElectionTest {
  private static final String TOPIC = "a~aaaaaaaa";
  private static final String PATH = ZnodePaths.partition(TOPIC, 0);

  private MemoryWorld world = new MemoryWorld(51);
  private MemoryStore store = world.open();
  private int flushes;

  private void given(PartitionNode.Builder node) {
    world.get(
        store,
        s ->
            s.transact(
                List.of(
                    create(ZnodePaths.PARTITIONS, ByteString.EMPTY),
                    create(ZnodePaths.partitions(TOPIC), ByteString.EMPTY),
                    create(PATH, ZnodeJson.PARTITION.write(node.build())))));
  }

  private static StoreOp create(String path, ByteString content) {
    return new StoreOp.Create(path, content, NodeKind.PERSISTENT);
  }

  private Node node() {
    ReadOutcome<Node> read =
        world.get(store, s -> s.sync("/").thenCompose(isSynced -> s.read(PATH)));
    assertThat(read).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) read).value();
  }

  private PartitionNode content() {
    return ((ZnodeReading.Understood<PartitionNode>) ZnodeJson.PARTITION.read(node().data()))
        .content();
  }

  private static ElectionScene scene(int self, int incarnation) {
    return new ElectionScene(self, incarnation, Map.of(), Set.of(), 1, 10_000, 50);
  }

  private CompletableFuture<Outcome> ask(MemoryStore by, ElectionScene scene, boolean canFlush) {
    return new PartitionElection(by)
        .elect(
            TOPIC,
            0,
            () -> scene,
            mustFlush -> {
              flushes += mustFlush ? 1 : 0;
              return CompletableFuture.completedFuture(!mustFlush || canFlush);
            })
        .toCompletableFuture();
  }

  private Outcome elect(ElectionScene scene) {
    return world.get(ask(store, scene, true));
  }

  @Test
  void takesItByOneWrite() {
    given(Partitions.single().setLeaderIncarnation(9));

    Outcome outcome = elect(scene(1, 11));

    assertThat(outcome).isInstanceOf(Outcome.Leads.class);
    PartitionImage image = ((Outcome.Leads) outcome).partition();
    assertThat(image.leaderEpoch()).isEqualTo(6);
    assertThat(image.version()).isEqualTo(1);
    assertThat(Readings.partition(0, content(), node().version())).isEqualTo(image);
    assertThat(image.lastChange()).startsWith("2026-").contains("broker 1: this leader has");
    assertThat(flushes).isZero();
  }

  @Test
  void leadsWithoutAWriteWhereItLeads() {
    given(Partitions.single());
    assertThat(elect(scene(1, 11))).isInstanceOf(Outcome.Leads.class);
    assertThat(node().version()).isZero();
  }

  @Test
  void followsWhoLeads() {
    given(Partitions.threeReplicas());
    ElectionScene scene = new ElectionScene(2, 12, Map.of(1, 11, 2, 12), Set.of(), 1, 0, 50);
    assertThat(elect(scene)).isInstanceOf(Outcome.Follows.class);
    ElectionScene third = new ElectionScene(3, 13, Map.of(2, 12), Set.of(), 1, 0, 50);
    assertThat(elect(third))
        .isInstanceOfSatisfying(
            Outcome.Waits.class, waits -> assertThat(waits.millis()).isEqualTo(50));
    assertThat(node().version()).isZero();
  }

  @Test
  @DisplayName("coordination.md: flushed before a write that leaves it as the only member")
  void flushesBeforeItIsAlone() {
    given(Partitions.inSync(Partitions.threeReplicas(), 1, 2));

    assertThat(world.get(ask(store, scene(2, 12), false))).isInstanceOf(Outcome.NotTried.class);
    assertThat(node().version()).isZero();
    assertThat(elect(scene(2, 12))).isInstanceOf(Outcome.Leads.class);
    assertThat(flushes).isEqualTo(2);
    assertThat(content().getSoleFlushed()).isTrue();
  }

  @Test
  void saysWhyNobodyCanLead() {
    given(Partitions.inSync(Partitions.threeReplicas(), 1));
    assertThat(elect(scene(2, 12)))
        .isInstanceOfSatisfying(
            Outcome.Unavailable.class,
            unavailable -> assertThat(unavailable.why()).contains("[1]"));
  }

  @Test
  void saysWhenThePartitionIsGone() {
    assertThat(elect(scene(1, 11))).isEqualTo(new Outcome.Gone());
  }

  @Test
  @DisplayName("B71, B73: what cannot be read, or would be erased, is not written over")
  void b73_writesOverNothingItDoesNotUnderstand() {
    given(Partitions.single().setLeaderIncarnation(9));
    String text = node().data().toStringUtf8();
    for (String content :
        List.of(
            "rubbish", "{\"version\":2}", text.replace("\"version\":1", "\"version\":1,\"x\":2"))) {
      int version = node().version();
      world.get(store, s -> s.set(PATH, ByteString.copyFromUtf8(content), version));
      assertThat(elect(scene(1, 11))).isInstanceOf(Outcome.NotTried.class);
      assertThat(node().data().toStringUtf8()).isEqualTo(content);
    }
  }

  @Test
  void triesNothingWithoutContact() {
    given(Partitions.single().setLeaderIncarnation(9));
    world.stopServers();
    world.settle();
    assertThat(elect(scene(1, 11))).isInstanceOf(Outcome.NotTried.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOST_BEFORE", "LOST_AFTER", "LATE"})
  @DisplayName("R10, H8: an unknown outcome is looked into until the version has moved")
  void findsOutWhatBecameOfItsWrite(String fate) {
    given(Partitions.single().setLeaderIncarnation(9));
    world.ensemble().setNextWrite(store, WriteFate.valueOf(fate));
    world.settle();

    Outcome outcome = elect(scene(1, 11));

    assertThat(outcome).isInstanceOf(Outcome.Leads.class);
    world.scheduler().runFor(1_000_000_000L);
    assertThat(content().getLeaderEpoch()).isEqualTo(6);
    assertThat(node().version()).isEqualTo(1);
  }

  @Test
  @DisplayName("reliability 8.8: a candidate whose session ends does not know, and does not lead")
  void aSessionThatEndsInTheMiddleIsNoLeadership() {
    given(Partitions.single().setLeaderIncarnation(9));
    world.ensemble().setNextWrite(store, WriteFate.LOST_AFTER);
    world.settle();
    CompletableFuture<Outcome> asked = ask(store, scene(1, 11), true);
    world.await("it has landed", this::isTaken);
    world.expire(store);

    Outcome outcome = world.get(asked);

    // It may have been quick enough to find its own write within the session.
    assertThat(outcome)
        .isNotInstanceOf(Outcome.Follows.class)
        .isNotInstanceOf(Outcome.Unavailable.class);
  }

  private boolean isTaken() {
    MemoryStore other = world.open();
    ReadOutcome<Node> read = world.get(other, s -> s.read(PATH));
    other.close();
    return read instanceof ReadOutcome.Found<Node> found && found.value().version() > 0;
  }

  @RepeatedTest(60)
  @DisplayName("I10, I12: of many candidates one leads each epoch, whatever becomes of the writes")
  void oneLeaderPerEpoch(RepetitionInfo repetition) {
    world = new MemoryWorld(repetition.getCurrentRepetition());
    store = world.open();
    given(Partitions.threeReplicas().clearLeader());
    List<MemoryStore> stores = List.of(world.open(), world.open(), world.open());
    world.ensemble().setWriteFaults(300);
    List<PartitionImage> led = new ArrayList<>();
    for (int round = 0; round < 5; round++) {
      List<CompletableFuture<Outcome>> asked = new ArrayList<>();
      for (int id = 1; id <= 3; id++) {
        // Each believes that only itself lives.
        asked.add(ask(stores.get(id - 1), scene(id, 10 + id), true));
      }
      for (CompletableFuture<Outcome> one : asked) {
        if (world.get(one) instanceof Outcome.Leads leads) {
          led.add(leads.partition());
        }
      }
    }
    world.ensemble().setWriteFaults(0);
    world.scheduler().runFor(2_000_000_000L);

    assertThat(led).isNotEmpty();
    Map<Integer, Integer> leaders = new HashMap<>();
    for (PartitionImage image : led) {
      int leader = image.leader().orElse(-1);
      Integer other = leaders.putIfAbsent(image.leaderEpoch(), leader);
      assertThat(other == null || other == leader).as("epoch %d", image.leaderEpoch()).isTrue();
    }
    assertThat(content().getLeaderEpoch())
        .isGreaterThanOrEqualTo(leaders.keySet().stream().max(Integer::compare).orElse(0));
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  // ---- Leaving in doubt ------------------------------------------------------------------------

  private ClusterImage image() {
    PartitionImage partition = Readings.partition(0, content(), node().version());
    TopicImage topic = new TopicImage("a", TOPIC, false, 1, 1, Map.of(), List.of(partition));
    return new ClusterImage("c", 1, Map.of(), Map.of("a", topic));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NORMAL", "LOST_BEFORE", "LOST_AFTER", "LATE"})
  @DisplayName("H1: every set is left, with what is left of the log, confirmed")
  void leavesEverySetForCertain(String fate) {
    given(Partitions.threeReplicas());
    ClusterImage image = image();
    world.ensemble().setNextWrite(store, WriteFate.valueOf(fate));
    world.settle();

    boolean isDone =
        world.get(new LeavingInDoubt(store).leaveAll(image, 2, copies(new LogPosition(5, 77))));

    assertThat(isDone).isTrue();
    assertThat(content().getInSyncList()).containsExactly(1, 3);
    assertThat(content().getRollCallList()).containsExactly(Partitions.left(2, 5, 77));
  }

  @Test
  void leavesNothingUncertainUnsaid() {
    given(Partitions.threeReplicas());
    ClusterImage image = image();
    world.stopServers();
    world.settle();
    assertThat(world.get(new LeavingInDoubt(store).leaveAll(image, 2, copies(LogPosition.NOTHING))))
        .isFalse();
  }

  @Test
  @DisplayName("P-10: a node that is not there has not been left, and it is told")
  void p10_tellsWhatItDidNotFind() {
    given(Partitions.threeReplicas());
    ClusterImage image = image();
    world.ensemble().takeOut(path -> path.equals(ZnodePaths.partition(TOPIC, 0)));

    assertThat(world.get(new LeavingInDoubt(store).leaveAll(image, 2, copies(LogPosition.NOTHING))))
        .as("nothing is left that could be")
        .isTrue();
    assertThat(notThere).containsExactly(TOPIC + "-0");
    Remains remains = new Remains(LogPosition.NOTHING, Loss.UNFLUSHED);
    assertThat(world.get(new LeavingInDoubt(store).leaveLate(TOPIC, 0, 2, remains))).isFalse();

    world.ensemble().putBack();
    assertThat(world.get(new LeavingInDoubt(store).leaveLate(TOPIC, 0, 2, remains))).isTrue();
    assertThat(content().getInSyncList()).containsExactly(1, 3);
  }

  @Test
  @DisplayName("soleFlushed: what was flushed before is written with it")
  void saysHowFarItHadFlushedAsTheOnlyMember() {
    given(Partitions.inSync(Partitions.threeReplicas(), 1, 2).setLeaderIncarnation(3));
    PartitionElection.Preparation flushing =
        new PartitionElection.Preparation() {
          @Override
          public CompletionStage<Boolean> prepare(boolean mustFlush) {
            return CompletableFuture.completedFuture(mustFlush);
          }

          @Override
          public Optional<LogPosition> flushedUpTo() {
            return Optional.of(new LogPosition(4, 17));
          }
        };
    world.get(
        new PartitionElection(store)
            .elect(
                TOPIC,
                0,
                () -> new ElectionScene(2, 21, Map.of(2, 21), Set.of(), 1, 10_000, 50),
                flushing));

    assertThat(content().getInSyncList()).containsExactly(2);
    assertThat(content().getSoleFlushed()).isTrue();
    assertThat(content().getVouched())
        .isEqualTo(VouchedEnd.newBuilder().setLastEpoch(4).setLogEnd(17).build());
  }

  private final List<String> notThere = new ArrayList<>();

  private LeavingInDoubt.Copies copies(LogPosition position) {
    return new LeavingInDoubt.Copies() {
      @Override
      public Remains of(String topicId, int partition) {
        return new Remains(position, Loss.UNFLUSHED);
      }

      @Override
      public void notThere(String topicId, int partition) {
        notThere.add(topicId + "-" + partition);
      }
    };
  }
}
