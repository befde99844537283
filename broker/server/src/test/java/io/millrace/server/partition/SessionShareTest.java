package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.PartitionState;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a follower hears of one shard between its fetches. */
class SessionShareTest {
  private static final int EPOCH = 1;

  @TempDir Path root;

  private PartitionWorld world;
  private Partition partition;
  private SessionShare share;
  private final List<SessionShare.Result> passed = new ArrayList<>();

  @BeforeEach
  void leads() throws IOException {
    world = new PartitionWorld(root);
    partition = world.open(PartitionWorld.ORDERS, Map.of("min.in.sync", "2"));
    PartitionState state =
        new PartitionState(1, List.of(1, 2), 1, 1, EPOCH, List.of(1, 2), List.of(), false);
    assertThat(world.onLoop(() -> partition.lead(state, Map.of(1, 1, 2, 1)))).isEmpty();
    world.runFlush();
    share = new SessionShare(world.shard, 1 << 20, passed::addAll);
  }

  private static ReadResult.Spec spec(long offset) {
    return new ReadResult.Spec(
        PartitionWorld.ORDERS,
        offset,
        OptionalInt.of(EPOCH),
        offset == 0 ? OptionalInt.empty() : OptionalInt.of(EPOCH),
        1 << 20,
        new FollowerClaim(2, 1, 0, 0));
  }

  private void fetch(ReadResult.Spec... named) {
    world.onLoopRun(
        () -> share.onFetch(new SessionShare.News(List.of(named), List.of(), List.of())));
  }

  private void tell(boolean sweeps) {
    world.onLoopRun(() -> share.tell(sweeps));
  }

  private ReadResult.Served only() {
    assertThat(passed).hasSize(1);
    ReadResult.Served served = (ReadResult.Served) passed.remove(0).result();
    served.slice().ifPresent(slice -> slice.release());
    return served;
  }

  @Test
  void passesWhatIsAppendedAsSoonAsItIs() {
    fetch(spec(0));
    assertThat(passed).isEmpty();
    world.send(Durability.STANDARD, Batches.single("a"));
    assertThat(only().nextOffset()).isEqualTo(1);
  }

  @Test
  void passesNothingMoreUntilTheFollowerHasFetchedAgain() {
    fetch(spec(0));
    world.send(Durability.STANDARD, Batches.single("a"));
    only();
    world.send(Durability.STANDARD, Batches.single("b"));
    fetch();
    assertThat(passed).describedAs("it has not been named again").isEmpty();
    fetch(spec(1));
    assertThat(only().nextOffset()).isEqualTo(2);
  }

  @Test
  void beingNamedAgainIsTheAcknowledgement() {
    fetch(spec(0));
    PartitionWorld.Sent sent = world.send(Durability.STANDARD, Batches.single("a"));
    only();
    assertThat(sent.outcome).isNull();
    fetch(spec(1));
    assertThat(sent.appended().replicas()).isEqualTo(2);
  }

  @Test
  void afterAFetchThatNamesNothingTheOldNamesStillStand() {
    fetch(spec(0));
    fetch();
    fetch();
    world.send(Durability.STANDARD, Batches.single("a"));
    assertThat(only().nextOffset()).isEqualTo(1);
  }

  @Test
  void tellsAHigherHighWatermarkWhenAskedAndOnce() {
    fetch(spec(0));
    tell(true);
    assertThat(only().highWatermark()).describedAs("where the log begins").isZero();
    fetch();
    world.send(Durability.STANDARD, Batches.single("a"));
    only();
    fetch(spec(1));
    assertThat(passed).describedAs("not worth an answer of its own").isEmpty();
    assertThat(share.hasQuietNews()).isTrue();
    tell(false);
    assertThat(only().highWatermark()).isEqualTo(1);
    tell(true);
    assertThat(passed).isEmpty();
    world.send(Durability.STANDARD, Batches.single("b"));
    assertThat(only().nextOffset()).describedAs("it is still waited for").isEqualTo(2);
  }

  @Test
  void whatIsOnTheFollowersDiskCountsWithoutANewName() {
    fetch(spec(0));
    PartitionWorld.Sent sent = world.send(Durability.SYNCED, Batches.single("a"));
    only();
    fetch(spec(1));
    world.runFlush();
    assertThat(sent.outcome).isNull();
    world.onLoopRun(
        () ->
            share.onFetch(
                new SessionShare.News(
                    List.of(),
                    List.of(),
                    List.of(new SessionShare.Flushed(PartitionWorld.ORDERS, EPOCH + 1, 1)))));
    assertThat(sent.outcome).describedAs("of another epoch").isNull();
    world.onLoopRun(
        () ->
            share.onFetch(
                new SessionShare.News(
                    List.of(),
                    List.of(),
                    List.of(new SessionShare.Flushed(PartitionWorld.ORDERS, EPOCH, 9)))));
    assertThat(sent.appended().reached()).isEqualTo(Durability.SYNCED);
  }

  @Test
  void saysAtOnceThatItDoesNotLeadAnyMore() {
    fetch(spec(0));
    world.onLoopRun(() -> partition.stepDown("broker 2 leads"));
    world.settle();
    assertThat(passed).hasSize(1);
    ReadResult.Refused refused = (ReadResult.Refused) passed.remove(0).result();
    assertThat(refused.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    fetch();
    tell(true);
    assertThat(passed).describedAs("told once").isEmpty();
  }

  @Test
  void saysWhatIsNotThere() {
    ReadResult.Spec strange =
        new ReadResult.Spec(
            new PartitionId("strange", 0),
            0,
            OptionalInt.of(1),
            OptionalInt.empty(),
            100,
            new FollowerClaim(2, 1, 0, 0));
    fetch(strange, spec(0));
    assertThat(passed).hasSize(1);
    assertThat(passed.remove(0).result()).isInstanceOf(ReadResult.Refused.class);
    fetch();
    world.send(Durability.STANDARD, Batches.single("a"));
    assertThat(only().nextOffset()).isEqualTo(1);
  }

  @Test
  void hearsNothingOfWhatItDropsOrOnceItIsClosed() {
    fetch(spec(0));
    world.onLoopRun(
        () ->
            share.onFetch(
                new SessionShare.News(List.of(), List.of(PartitionWorld.ORDERS), List.of())));
    world.send(Durability.STANDARD, Batches.single("a"));
    assertThat(passed).isEmpty();
    fetch(spec(0));
    only();
    fetch(spec(1));
    world.onLoopRun(share::close);
    world.send(Durability.STANDARD, Batches.single("b"));
    assertThat(passed).isEmpty();
  }
}
