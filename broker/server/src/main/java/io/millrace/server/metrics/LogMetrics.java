package io.millrace.server.metrics;

import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.ShardReading;
import io.millrace.server.partition.TrafficReading;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Topics and partitions: what went in and out, and how their logs stand. Series come and go with
 * them, up to a bound. Owner: the metrics worker; values are read by whoever looks.
 */
final class LogMetrics {
  /** More topics than this have no series of their own: monitoring pays for each of them. */
  static final int MAX_TOPICS = 500;

  /** Likewise partitions of this broker. */
  static final int MAX_PARTITIONS = 1_000;

  /** No topic can be called so. */
  static final String OTHERS = "(others)";

  private final SeriesRegistry registry;
  private final Set<String> shownTopics = new HashSet<>();
  private final Set<Shown> shownPartitions = new HashSet<>();

  private volatile Now now =
      new Now(TrafficReading.NOTHING, Map.of(), Map.of(), Map.of(), 0, 0, 0, 0);

  /** A partition as its series name it. */
  private record Shown(String topic, int partition) {
    static Shown of(PartitionId id) {
      return new Shown(nameOf(id.topicId()), id.partition());
    }
  }

  /** Everything at one moment. */
  private record Now(
      TrafficReading all,
      Map<String, TrafficReading> byTopic,
      Map<Shown, PartitionReading> byPartition,
      Map<PartitionReading.State, Long> byState,
      long sizeBytes,
      long segments,
      long topicsLeftOut,
      long partitionsLeftOut) {}

  LogMetrics(SeriesRegistry registry) {
    this.registry = registry;
    registry.counter(BrokerMetric.PRODUCED_BYTES, () -> now.all().producedBytes());
    registry.counter(BrokerMetric.PRODUCED_RECORDS, () -> now.all().producedRecords());
    registry.counter(BrokerMetric.PRODUCED_BATCHES, () -> now.all().producedBatches());
    registry.counter(BrokerMetric.FETCHED_BYTES, () -> now.all().fetchedBytes());
    registry.counter(BrokerMetric.FETCHED_RECORDS, () -> now.all().fetchedRecords());
    registry.whole(BrokerMetric.LOGS_SIZE_BYTES, () -> now.sizeBytes());
    registry.whole(BrokerMetric.LOGS_SEGMENTS, () -> now.segments());
    registry.whole(BrokerMetric.METRICS_TOPICS_LEFT_OUT, () -> now.topicsLeftOut());
    registry.whole(BrokerMetric.METRICS_PARTITIONS_LEFT_OUT, () -> now.partitionsLeftOut());
    for (PartitionReading.State state : PartitionReading.State.values()) {
      registry.whole(
          BrokerMetric.PARTITIONS, () -> now.byState().getOrDefault(state, 0L), state.text());
    }
  }

  /** Puts the loops' readings together. */
  void refreshed(List<ShardReading> shards) {
    TrafficReading all = TrafficReading.NOTHING;
    Map<String, TrafficReading> byName = new TreeMap<>();
    Map<Shown, PartitionReading> partitions =
        new TreeMap<>(Comparator.comparing(Shown::topic).thenComparing(Shown::partition));
    Map<PartitionReading.State, Long> byState = new EnumMap<>(PartitionReading.State.class);
    long sizeBytes = 0;
    long segments = 0;
    for (ShardReading shard : shards) {
      all = all.plus(shard.departed());
      for (Map.Entry<String, TrafficReading> topic : shard.byTopicId().entrySet()) {
        all = all.plus(topic.getValue());
        byName.merge(nameOf(topic.getKey()), topic.getValue(), TrafficReading::plus);
      }
      byState.merge(PartitionReading.State.OFFLINE, (long) shard.unopened(), Long::sum);
      for (PartitionReading partition : shard.partitions()) {
        byState.merge(partition.state(), 1L, Long::sum);
        sizeBytes += partition.sizeBytes();
        segments += partition.segmentCount();
        // While a topic is made anew, what is left of the old one may still be here.
        partitions.merge(
            Shown.of(partition.id()),
            partition,
            (one, other) -> other.state() == PartitionReading.State.LED ? other : one);
      }
    }
    Map<String, TrafficReading> topics = bound(byName);
    Map<Shown, PartitionReading> shown = new HashMap<>();
    partitions.entrySet().stream()
        .limit(MAX_PARTITIONS)
        .forEach(partition -> shown.put(partition.getKey(), partition.getValue()));
    now =
        new Now(
            all,
            topics,
            shown,
            Map.copyOf(byState),
            sizeBytes,
            segments,
            Math.max(0, byName.size() - MAX_TOPICS),
            partitions.size() - shown.size());
    showTopics(topics.keySet());
    showPartitions(shown.keySet());
  }

  /** The name it had when it was made, which its id begins with. */
  private static String nameOf(String topicId) {
    int mark = topicId.lastIndexOf('~');
    return mark < 1 ? topicId : topicId.substring(0, mark);
  }

  private static Map<String, TrafficReading> bound(Map<String, TrafficReading> byName) {
    Map<String, TrafficReading> bounded = new HashMap<>();
    byName.forEach(
        (name, traffic) ->
            bounded.merge(
                bounded.size() < MAX_TOPICS ? name : OTHERS, traffic, TrafficReading::plus));
    return bounded;
  }

  private void showTopics(Set<String> topics) {
    for (String topic : Set.copyOf(shownTopics)) {
      if (!topics.contains(topic)) {
        shownTopics.remove(topic);
        registry.remove(BrokerMetric.TOPIC_PRODUCED_BYTES, topic);
        registry.remove(BrokerMetric.TOPIC_PRODUCED_RECORDS, topic);
        registry.remove(BrokerMetric.TOPIC_FETCHED_BYTES, topic);
        registry.remove(BrokerMetric.TOPIC_FETCHED_RECORDS, topic);
      }
    }
    for (String topic : topics) {
      if (shownTopics.add(topic)) {
        show(BrokerMetric.TOPIC_PRODUCED_BYTES, topic, TrafficReading::producedBytes);
        show(BrokerMetric.TOPIC_PRODUCED_RECORDS, topic, TrafficReading::producedRecords);
        show(BrokerMetric.TOPIC_FETCHED_BYTES, topic, TrafficReading::fetchedBytes);
        show(BrokerMetric.TOPIC_FETCHED_RECORDS, topic, TrafficReading::fetchedRecords);
      }
    }
  }

  private void show(BrokerMetric metric, String topic, ToLongFunction<TrafficReading> value) {
    registry.counter(
        metric,
        () -> value.applyAsLong(now.byTopic().getOrDefault(topic, TrafficReading.NOTHING)),
        topic);
  }

  private void showPartitions(Set<Shown> partitions) {
    for (Shown id : Set.copyOf(shownPartitions)) {
      if (!partitions.contains(id)) {
        shownPartitions.remove(id);
        for (OfPartition each : OfPartition.values()) {
          registry.remove(each.metric, id.topic(), String.valueOf(id.partition()));
        }
      }
    }
    for (Shown id : partitions) {
      if (shownPartitions.add(id)) {
        for (OfPartition each : OfPartition.values()) {
          show(each, id);
        }
      }
    }
  }

  private void show(OfPartition what, Shown id) {
    String number = String.valueOf(id.partition());
    if (what == OfPartition.LAG_SECONDS) {
      registry.gauge(what.metric, () -> what.of(now.byPartition().get(id)), id.topic(), number);
    } else {
      registry.whole(
          what.metric, () -> (long) what.of(now.byPartition().get(id)), id.topic(), number);
    }
  }

  /** What is shown of each partition. */
  private enum OfPartition {
    SIZE(BrokerMetric.LOG_SIZE_BYTES),
    SEGMENTS(BrokerMetric.LOG_SEGMENTS),
    START(BrokerMetric.LOG_START_OFFSET),
    END(BrokerMetric.LOG_END_OFFSET),
    VISIBLE(BrokerMetric.LOG_VISIBLE_OFFSET),
    UNFLUSHED(BrokerMetric.LOG_UNFLUSHED_RECORDS),
    LAG_RECORDS(BrokerMetric.LOG_REPLICATION_LAG_RECORDS),
    LAG_SECONDS(BrokerMetric.LOG_REPLICATION_LAG_SECONDS);

    private final BrokerMetric metric;

    OfPartition(BrokerMetric metric) {
      this.metric = metric;
    }

    /** Null: it has just gone. */
    double of(@Nullable PartitionReading reading) {
      if (reading == null) {
        return 0;
      }
      return switch (this) {
        case SIZE -> reading.sizeBytes();
        case SEGMENTS -> reading.segmentCount();
        case START -> reading.startOffset();
        case END -> reading.endOffset();
        case VISIBLE -> reading.visibleOffset();
        case UNFLUSHED -> reading.endOffset() - reading.flushedOffset();
        case LAG_RECORDS -> reading.lag().records();
        case LAG_SECONDS -> reading.lag().nanos() / 1e9;
      };
    }
  }
}
