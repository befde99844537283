package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.ReplicationLag;
import io.millrace.server.partition.ShardReading;
import io.millrace.server.partition.TrafficReading;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogMetricsTest {
  private final SeriesRegistry registry = new SeriesRegistry(Clock.defaultClock());
  private final LogMetrics metrics = new LogMetrics(registry);

  private static TrafficReading records(long count) {
    return new TrafficReading(10 * count, count, 1, 0, 0);
  }

  private static ShardReading shard(Map<String, TrafficReading> byTopicId) {
    return new ShardReading(List.of(), 0, byTopicId, TrafficReading.NOTHING);
  }

  private static PartitionReading partition(String topicId, int number, long sizeBytes) {
    return new PartitionReading(
        new PartitionId(topicId, number),
        PartitionReading.State.LED,
        sizeBytes,
        1,
        5,
        9,
        8,
        7,
        new ReplicationLag(3, 2_500_000_000L));
  }

  private long count(String series) {
    return ((Counting) source(series)).getCount();
  }

  private long value(String series) {
    return ((Number) ((Gauge<?>) source(series)).getValue()).longValue();
  }

  private Object source(String series) {
    return Objects.requireNonNull(registry.find(series), series).source();
  }

  @Test
  void whatSeveralLoopsCountedOfATopicIsAddedUp() {
    metrics.refreshed(
        List.of(
            shard(Map.of("orders~aaaaaaaa", records(3), "notes~bbbbbbbb", records(1))),
            shard(Map.of("orders~aaaaaaaa", records(4)))));
    assertThat(count("millrace_topic_produced_records_total{topic=orders}")).isEqualTo(7);
    assertThat(count("millrace_topic_produced_bytes_total{topic=orders}")).isEqualTo(70);
    assertThat(count("millrace_produced_records_total")).isEqualTo(8);
  }

  @Test
  void aTopicMadeAnewCountsUnderItsName() {
    metrics.refreshed(
        List.of(shard(Map.of("orders~aaaaaaaa", records(3), "orders~bbbbbbbb", records(2)))));
    assertThat(count("millrace_topic_produced_records_total{topic=orders}")).isEqualTo(5);
  }

  @Test
  void theTotalsNeverFallWhenATopicGoes() {
    metrics.refreshed(List.of(shard(Map.of("orders~aaaaaaaa", records(3)))));
    metrics.refreshed(List.of(new ShardReading(List.of(), 0, Map.of(), records(3))));
    assertThat(count("millrace_produced_records_total")).isEqualTo(3);
    assertThat(registry.find("millrace_topic_produced_records_total{topic=orders}")).isNull();
  }

  @Test
  void topicsBeyondTheBoundAreSummedAndCounted() {
    Map<String, TrafficReading> many = new HashMap<>();
    for (int i = 0; i < LogMetrics.MAX_TOPICS + 20; i++) {
      many.put("topic-%05d~aaaaaaaa".formatted(i), records(2));
    }
    metrics.refreshed(List.of(shard(many)));
    assertThat(count("millrace_topic_produced_records_total{topic=topic-00000}")).isEqualTo(2);
    assertThat(count("millrace_topic_produced_records_total{topic=(others)}")).isEqualTo(40);
    assertThat(value("millrace_metrics_topics_left_out")).isEqualTo(20);
    assertThat(
            registry.all().stream()
                .filter(series -> series.metric() == BrokerMetric.TOPIC_PRODUCED_RECORDS))
        .hasSize(LogMetrics.MAX_TOPICS + 1);
  }

  @Test
  void partitionsBeyondTheBoundAreLeftOutAndTheSumsHold() {
    List<PartitionReading> many = new ArrayList<>();
    for (int i = 0; i < LogMetrics.MAX_PARTITIONS + 7; i++) {
      many.add(partition("big~aaaaaaaa", i, 100));
    }
    metrics.refreshed(List.of(new ShardReading(many, 2, Map.of(), TrafficReading.NOTHING)));
    assertThat(value("millrace_metrics_partitions_left_out")).isEqualTo(7);
    assertThat(value("millrace_logs_size_bytes")).isEqualTo(100L * many.size());
    assertThat(value("millrace_partitions{state=led}")).isEqualTo(many.size());
    assertThat(value("millrace_partitions{state=offline}")).isEqualTo(2);
    assertThat(registry.find("millrace_log_size_bytes{topic=big,partition=0}")).isNotNull();
    assertThat(
            registry.all().stream()
                .filter(series -> series.metric() == BrokerMetric.LOG_SIZE_BYTES))
        .hasSize(LogMetrics.MAX_PARTITIONS);
  }

  @Test
  void aPartitionShowsItsLogAndGoesWithIt() {
    metrics.refreshed(
        List.of(
            new ShardReading(
                List.of(partition("notes~aaaaaaaa", 3, 42)), 0, Map.of(), TrafficReading.NOTHING)));
    assertThat(value("millrace_log_size_bytes{topic=notes,partition=3}")).isEqualTo(42);
    assertThat(value("millrace_log_start_offset{topic=notes,partition=3}")).isEqualTo(5);
    assertThat(value("millrace_log_end_offset{topic=notes,partition=3}")).isEqualTo(9);
    assertThat(value("millrace_log_visible_offset{topic=notes,partition=3}")).isEqualTo(8);
    assertThat(value("millrace_log_unflushed_records{topic=notes,partition=3}")).isEqualTo(2);
    metrics.refreshed(List.of(ShardReading.NOTHING));
    assertThat(registry.find("millrace_log_size_bytes{topic=notes,partition=3}")).isNull();
  }

  @Test
  void showsHowFarTheReplicasOfAPartitionAreBehind() {
    metrics.refreshed(
        List.of(
            new ShardReading(
                List.of(partition("notes~aaaaaaaa", 0, 1)), 0, Map.of(), TrafficReading.NOTHING)));
    assertThat(value("millrace_log_replication_lag_records{topic=notes,partition=0}")).isEqualTo(3);
    assertThat(
            ((Gauge<?>) source("millrace_log_replication_lag_seconds{topic=notes,partition=0}"))
                .getValue())
        .isEqualTo(2.5);
  }

  @Test
  void ofATopicMadeAnewWhileTheOldOneIsStillHereTheOneThatIsLedIsShown() {
    PartitionReading old =
        new PartitionReading(
            new PartitionId("notes~zzzzzzzz", 0),
            PartitionReading.State.IDLE,
            1,
            1,
            0,
            0,
            0,
            0,
            ReplicationLag.NONE);
    metrics.refreshed(
        List.of(
            new ShardReading(
                List.of(old, partition("notes~aaaaaaaa", 0, 42)),
                0,
                Map.of(),
                TrafficReading.NOTHING)));
    assertThat(value("millrace_log_size_bytes{topic=notes,partition=0}")).isEqualTo(42);
    assertThat(value("millrace_logs_size_bytes")).isEqualTo(43);
  }

  @Test
  @DisplayName("B59, S28: names with . and _ stay apart and need no escaping")
  void b59_namesStayAsTheyAre() {
    metrics.refreshed(
        List.of(shard(Map.of("a.b~aaaaaaaa", records(1), "a_b~bbbbbbbb", records(2)))));
    String text = new String(PrometheusText.of(registry), StandardCharsets.UTF_8);
    assertThat(text)
        .contains("millrace_topic_produced_records_total{topic=\"a.b\"} 1.0")
        .contains("millrace_topic_produced_records_total{topic=\"a_b\"} 2.0");
  }
}
