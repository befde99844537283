package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.SECOND;
import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How much is fetched ahead, and of whom. */
class PrefetchTest {
  private static final String LARGE = "x".repeat(1000);

  /** The key repeats the value. */
  private static final int RECORD_BYTES = 2100;

  private static ConsumerWorld world(long seed, int partitions, int prefetchBytes) {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder("zk:2181")
            .prefetchBytes(prefetchBytes)
            .maxPartitionFetchBytes(4096)
            .maxPollRecords(4);
    ConsumerWorld world = new ConsumerWorld(seed, 1, settings);
    world.world().cluster().createTopic("t", partitions);
    world.consumer().assign(IntStream.range(0, partitions).mapToObj(i -> at("t", i)).toList());
    world.consumer().seekToBeginning(List.of());
    return world;
  }

  private static void fill(ConsumerWorld world, int partition, int batches) {
    for (int i = 0; i < batches; i++) {
      world.append("t", partition, partition + "-" + i + LARGE);
    }
  }

  /** How far reading has got ahead, by what was asked for. */
  private static long asked(ConsumerWorld world, int partition) {
    long most = 0;
    for (Request each : world.world().broker(1).seen(Request.ApiCase.FETCH)) {
      for (FetchPartition question : each.getFetch().getPartitionsList()) {
        if (question.getPartition() == partition) {
          most = Math.max(most, question.getFetchOffset());
        }
      }
    }
    return most;
  }

  @Test
  void stopsWhenTheMemoryIsUsedUpAndGoesOnWhenItIsRead() {
    try (ConsumerWorld world = world(61, 1, 32 << 10)) {
      fill(world, 0, 200);
      world.consumer().poll(Duration.ZERO);
      world.world().runFor(Duration.ofSeconds(10));
      LongSupplier ahead = () -> asked(world, 0);
      assertThat(ahead.getAsLong()).isBetween(10L, 18L);
      int idle = world.world().broker(1).seen(Request.ApiCase.FETCH).size();
      world.world().runFor(Duration.ofSeconds(10));
      assertThat(world.world().broker(1).seen(Request.ApiCase.FETCH)).hasSize(idle);

      List<ConsumerRecord<String, String>> records = world.read(200);

      assertThat(records).extracting(ConsumerRecord::offset).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void holdsNoMoreMemoryThanItMayWhateverIsPaused() {
    try (ConsumerWorld world = world(62, 8, 32 << 10)) {
      for (int i = 0; i < 8; i++) {
        fill(world, i, 100);
      }
      for (int i = 0; i < 8; i++) {
        // Each in turn is the only one to be read, and keeps what it has.
        int only = i;
        world.consumer().pause(world.consumer().assignment());
        world.consumer().resume(List.of(at("t", only)));
        world.consumer().poll(Duration.ZERO);
        world.world().runFor(Duration.ofSeconds(2));
      }
      long held = IntStream.range(0, 8).mapToLong(i -> asked(world, i) * RECORD_BYTES).sum();
      assertThat(held).isLessThan(3 * (32 << 10));
      world.consumer().resume(world.consumer().assignment());
      assertThat(world.read(800)).hasSize(800);
    }
  }

  @Test
  void doesNotFetchWhatIsPaused() {
    try (ConsumerWorld world = world(63, 2, 1 << 20)) {
      world.consumer().pause(List.of(at("t", 0)));
      world.consumer().poll(SECOND);
      fill(world, 0, 10);
      fill(world, 1, 10);
      world.read(10);
      world.consumer().poll(SECOND);

      assertThat(world.world().broker(1).seen(Request.ApiCase.FETCH))
          .allSatisfy(
              each ->
                  assertThat(each.getFetch().getPartitionsList())
                      .extracting(FetchPartition::getPartition)
                      .containsOnly(1));
    }
  }

  @Test
  void aResumedPartitionDoesNotWaitForTheWaitOfTheOthers() {
    try (ConsumerWorld world = world(64, 2, 1 << 20)) {
      world.consumer().pause(List.of(at("t", 0)));
      world.consumer().poll(Duration.ofMillis(100));
      fill(world, 0, 1);
      world.consumer().resume(List.of(at("t", 0)));
      long before = world.world().scheduler().nanoTime();
      world.read(1);

      assertThat(world.world().scheduler().nanoTime() - before)
          .isLessThan(Duration.ofMillis(50).toNanos());
    }
  }

  @Test
  void oneFetchIsUnderWayWhileNothingHappens() {
    try (ConsumerWorld world = world(65, 20, 1 << 20)) {
      world.consumer().poll(SECOND);
      int before = world.world().broker(1).seen(Request.ApiCase.FETCH).size();
      world.consumer().poll(Duration.ofSeconds(10));

      assertThat(world.world().broker(1).seen(Request.ApiCase.FETCH).size() - before)
          .isBetween(18, 22); // each waits half a second
    }
  }

  @Test
  void everyPartitionHasItsTurn() {
    try (ConsumerWorld world = world(66, 6, 64 << 10)) {
      for (int i = 0; i < 6; i++) {
        fill(world, i, 40);
      }
      List<ConsumerRecord<String, String>> first = world.read(60);

      assertThat(first).extracting(ConsumerRecord::partition).contains(0, 1, 2, 3, 4, 5);
    }
  }
}
