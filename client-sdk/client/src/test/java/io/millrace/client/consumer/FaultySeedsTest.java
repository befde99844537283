package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.TopicPartition;
import io.millrace.wire.Compressions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to connections and leaders: every record once, in order, and no memory lost. */
class FaultySeedsTest {
  private static final int PARTITIONS = 5;
  private static final int RECORDS = 60;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void b97_i15_readsEveryRecordOnceThroughResetsAndLeaderChanges(long seed) {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder("zk:2181")
            .prefetchBytes(8 << 10)
            .maxPartitionFetchBytes(2048)
            .maxPollRecords(7)
            .requestTimeout(Duration.ofSeconds(5));
    SplittableRandom random = new SplittableRandom(seed);
    try (ConsumerWorld world = new ConsumerWorld(seed, 3, settings)) {
      world.world().cluster().createTopic("t", PARTITIONS);
      List<TopicPartition> all = IntStream.range(0, PARTITIONS).mapToObj(i -> at("t", i)).toList();
      world.consumer().assign(all);
      world.consumer().seekToBeginning(List.of());
      int[] epochs = IntStream.range(0, PARTITIONS).map(i -> 1).toArray();
      Map<TopicPartition, Long> next = new HashMap<>();
      int appended = 0;
      int read = 0;
      while (read < PARTITIONS * RECORDS) {
        if (appended < PARTITIONS * RECORDS) {
          int partition = appended++ % PARTITIONS;
          world
              .log("t", partition)
              .append(
                  ConsumerWorld.batch(Compressions.NONE, "x".repeat(random.nextInt(600))),
                  epochs[partition],
                  0);
          world.wakeFetches();
        }
        disturb(world, random, epochs);
        ConsumerRecords<String, String> records =
            world.consumer().poll(Duration.ofMillis(random.nextInt(400)));
        for (ConsumerRecord<String, String> record : records) {
          assertThat(record.offset()).isEqualTo(next.getOrDefault(record.topicPartition(), 0L));
          next.put(record.topicPartition(), record.offset() + 1);
          read++;
        }
        assertThat(world.world().scheduler().nanoTime())
            .as("virtual time, with " + read + " records read")
            .isLessThan(Duration.ofMinutes(20).toNanos());
      }
      assertThat(next.values()).hasSize(PARTITIONS).containsOnly((long) RECORDS);
    }
  }

  private static void disturb(ConsumerWorld world, SplittableRandom random, int[] epochs) {
    int broker = 1 + random.nextInt(3);
    switch (random.nextInt(12)) {
      case 0 -> world.world().network().reset("client", "b" + broker);
      case 1 -> {
        int partition = random.nextInt(PARTITIONS);
        world.world().cluster().lead("t", partition, broker, random.nextBoolean());
        epochs[partition]++;
      }
      case 2 -> world.world().network().cut("b" + broker, "client");
      case 3 -> world.world().network().heal();
      case 4 -> {
        TopicPartition partition = at("t", random.nextInt(PARTITIONS));
        world.consumer().pause(List.of(partition));
      }
      default -> world.consumer().resume(world.consumer().paused());
    }
  }
}
