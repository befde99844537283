package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecords;
import io.millrace.client.TopicPartition;
import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what polls return. Belongs to the polling thread. */
final class ReadFigures {
  private final Figures figures;
  private final LongAdder records;
  private final LongAdder failures;
  private final Map<String, LongAdder> byTopic = new HashMap<>();

  ReadFigures(Figures figures) {
    this.figures = figures;
    this.records = figures.counter(MetricName.RECORDS_READ);
    this.failures = figures.counter(MetricName.POLLS_FAILED);
  }

  void countRead(ConsumerRecords<?, ?> polled) {
    records.add(polled.count());
    for (TopicPartition partition : polled.partitions()) {
      byTopic
          .computeIfAbsent(
              partition.topic(), topic -> figures.counter(MetricName.TOPIC_RECORDS_READ, topic))
          .add(polled.records(partition).size());
    }
  }

  void countFailure() {
    failures.increment();
  }
}
