package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetricsTest {
  private static final TopicPartition NOTES = new TopicPartition("notes", 0);

  private final SimulatedWorld world = new SimulatedWorld(67, 1);

  private static long value(List<Metric> metrics, MetricName name, String label) {
    Map<String, String> labels = label.isEmpty() ? Map.of() : Map.of(name.label(), label);
    return metrics.stream()
        .filter(each -> each.name().equals(name.text()) && each.labels().equals(labels))
        .mapToLong(Metric::value)
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not in " + metrics));
  }

  @Test
  void aProducerCountsWhatBecameOfItsRecords() {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    for (int i = 0; i < 10; i++) {
      producer.send("notes", 0, "x");
    }
    producer.send("notes", 0, "y".repeat(2 << 20));
    producer.awaitAll();
    List<Metric> metrics = producer.client().metrics();
    assertThat(value(metrics, MetricName.RECORDS_WRITTEN, "")).isEqualTo(10);
    assertThat(value(metrics, MetricName.RECORDS_FAILED, "")).isEqualTo(1);
    assertThat(value(metrics, MetricName.RECORDS_UNKNOWN, "")).isZero();
    assertThat(value(metrics, MetricName.TOPIC_RECORDS_WRITTEN, "notes")).isEqualTo(10);
    assertThat(value(metrics, MetricName.BYTES_WRITTEN, ""))
        .isEqualTo(value(metrics, MetricName.REQUEST_BYTES, "1"))
        .isGreaterThan(84);
    assertThat(value(metrics, MetricName.CONNECTION_OPEN, "1")).isEqualTo(1);
    assertThat(value(metrics, MetricName.CONNECTIONS_OPENED, "1")).isEqualTo(1);
    assertThat(value(metrics, MetricName.REQUESTS, "1")).isPositive();
    assertThat(value(metrics, MetricName.BUFFER_USED_BYTES, "")).isZero();
    assertThat(value(metrics, MetricName.DISCOVERY_CONNECTED, "")).isEqualTo(1);
  }

  @Test
  void retriesAndLostAnswersAreCounted() {
    world.cluster().createTopic("notes", 1);
    world
        .broker(1)
        .script(
            Scripts.on(
                Request.ApiCase.PRODUCE, Scripts.times(2, Scripts.refuseEach(ErrorCode.BUSY))));
    SimulatedProducer producer =
        new SimulatedProducer(world, SimulatedProducer.settings().retryUnknownOutcome(false));
    producer.learn("notes");
    producer.send("notes", 0, "x");
    producer.awaitAll();
    world
        .broker(1)
        .script(
            request -> {
              world.network().reset("client", "b1");
              return true;
            });
    producer.send("notes", 0, "y");
    producer.awaitAll();
    List<Metric> metrics = producer.client().metrics();
    assertThat(value(metrics, MetricName.BATCHES_RETRIED, "")).isEqualTo(2);
    assertThat(value(metrics, MetricName.RECORDS_UNKNOWN, "")).isEqualTo(1);
    assertThat(value(metrics, MetricName.REQUESTS_UNANSWERED, "1")).isEqualTo(1);
    assertThat(value(metrics, MetricName.CONNECTIONS_FAILED, "1")).isEqualTo(1);
  }

  @Test
  void aConsumerCountsWhatItReads() {
    world.cluster().createTopic("notes", 1);
    world.cluster().topic("notes").log(0).append(Batches.of("a", "b", "c"), 1, 0);
    SimulatedConsumer consumer = new SimulatedConsumer(world, SimulatedConsumer.settings());
    consumer.client().assign(List.of(NOTES));
    consumer.client().seekToBeginning(List.of(NOTES));
    consumer.awaitRecords(3);
    List<Metric> metrics = consumer.client().metrics();
    assertThat(value(metrics, MetricName.RECORDS_READ, "")).isEqualTo(3);
    assertThat(value(metrics, MetricName.TOPIC_RECORDS_READ, "notes")).isEqualTo(3);
    assertThat(value(metrics, MetricName.BYTES_FETCHED, "")).isGreaterThan(84);
    assertThat(value(metrics, MetricName.PREFETCHED_BYTES, "")).isNotNegative();
  }

  @Test
  void aSinkGetsThemFromTimeToTimeAndAtTheEndAndMayThrow() {
    List<List<Metric>> reports = new ArrayList<>();
    AdminSettings.Builder settings =
        SimulatedAdmin.settings()
            .clientId("shop")
            .metricsInterval(Duration.ofSeconds(1))
            .metricsSink(
                (client, metrics) -> {
                  assertThat(client).isEqualTo("shop");
                  reports.add(metrics);
                  throw new IllegalStateException("the sink is full");
                });
    SimulatedAdmin admin = new SimulatedAdmin(world, settings);
    world.runFor(Duration.ofMillis(3_500));
    assertThat(reports).hasSize(3);
    world.clientTransport().loops().get(0).execute(admin.client()::close);
    world.runFor(Duration.ofSeconds(10));
    assertThat(reports).hasSize(4);
    assertThat(reports.get(3)).extracting(Metric::name).contains("cluster.topics.known");
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  @Test
  void labelsAreBounded() {
    Figures figures = new Figures();
    for (int i = 0; i < 10_000; i++) {
      figures.counter(MetricName.TOPIC_RECORDS_READ, "t" + i).increment();
      figures.gauge(MetricName.CONNECTION_OPEN, "" + i, () -> 1);
    }
    List<Metric> metrics = figures.snapshot();
    assertThat(metrics).hasSizeLessThanOrEqualTo(2 * Figures.MAX_LABELS + 1);
    assertThat(value(metrics, MetricName.TOPIC_RECORDS_READ, Figures.OTHERS))
        .isEqualTo(10_000 - Figures.MAX_LABELS);
  }

  @ParameterizedTest
  @EnumSource
  void clientsMdShowsEachAsItIs(MetricName name) throws Exception {
    assertThat(Files.readString(Path.of("../CLIENTS.md")))
        .contains(
            (name.kind() == Metric.Kind.COUNTER ? "| counter | `" : "| gauge | `")
                + name.text()
                + "` | "
                + name.label()
                + " | "
                + name.meaning()
                + " |");
  }
}
