package io.millrace.server.broker;

import static io.millrace.server.broker.RealBroker.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import io.millrace.server.metrics.Promtool;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.curator.test.TestingServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a running broker shows to HTTP and JMX. */
class MonitoringTest {
  private static final AtomicInteger CLUSTERS = new AtomicInteger();
  private static TestingServer zooKeeper;

  private final HttpClient client = HttpClient.newHttpClient();
  private String cluster = "";

  @TempDir Path root;

  @BeforeAll
  static void startZooKeeper() throws Exception {
    zooKeeper = new TestingServer();
  }

  @AfterAll
  static void stopZooKeeper() throws Exception {
    zooKeeper.close();
  }

  @BeforeEach
  void nameTheCluster() {
    cluster = zooKeeper.getConnectString() + "/monitored-" + CLUSTERS.incrementAndGet();
  }

  private HttpResponse<String> get(Endpoint at, String path) {
    try {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://" + at + path))
              .timeout(Duration.ofSeconds(20))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Values by series, as written. */
  private Map<String, Double> metrics(Endpoint at) {
    Map<String, Double> values = new HashMap<>();
    get(at, "/metrics")
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              int blank = line.lastIndexOf(' ');
              values.put(line.substring(0, blank), Double.valueOf(line.substring(blank + 1)));
            });
    return values;
  }

  @Test
  void countsWhatWentInAndOut() {
    try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      Endpoint at = ready.metrics().orElseThrow();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "notes", 2, Map.of());
      ByteBuffer batch = Batches.batch(1_700_000_000_000L, "a", "bc");
      int size = batch.remaining();
      for (int i = 0; i < 5; i++) {
        TestClient.good(
            await(client.produce(topic.getTopicId(), i % 2, Durability.LEADER, batch.duplicate())));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  TestClient.good(await(client.fetch(topic.getTopicId(), 0, 0, 100)))
                          .payload()
                          .remaining()
                      >= 3 * size);

      Map<String, Double> metrics = metrics(at);
      assertThat(metrics)
          .containsEntry("millrace_produced_records_total", 10.0)
          .containsEntry("millrace_produced_batches_total", 5.0)
          .containsEntry("millrace_produced_bytes_total", 5.0 * size)
          .containsEntry("millrace_topic_produced_records_total{topic=\"notes\"}", 10.0)
          .containsEntry("millrace_log_end_offset{partition=\"0\",topic=\"notes\"}", 6.0)
          .containsEntry("millrace_log_end_offset{partition=\"1\",topic=\"notes\"}", 4.0)
          .containsEntry("millrace_log_size_bytes{partition=\"1\",topic=\"notes\"}", 2.0 * size)
          .containsEntry("millrace_partitions{state=\"led\"}", 2.0)
          .containsEntry("millrace_request_seconds_count{api=\"produce\"}", 5.0)
          .containsEntry("millrace_ready", 1.0)
          .containsEntry("millrace_broker_incarnation", 1.0)
          .containsEntry("millrace_zookeeper_session{state=\"connected\"}", 1.0)
          .containsEntry("millrace_cluster_leaderless_partitions", 0.0)
          .containsEntry("millrace_connections{listener=\"client\"}", 1.0);
      assertThat(metrics.get("millrace_fetched_records_total")).isGreaterThanOrEqualTo(6);
      assertThat(metrics.get("millrace_topic_fetched_bytes_total{topic=\"notes\"}"))
          .isGreaterThanOrEqualTo(3 * size);
      assertThat(metrics.get("millrace_disk_usable_bytes")).isPositive();
      assertThat(metrics.get("millrace_process_open_handles")).isPositive();
    }
  }

  @Test
  void promtoolFindsNothingWrongWithTheText() throws Exception {
    Promtool.assumeInstalled();
    try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "a.b-c_d", 2, Map.of());
      TestClient.good(
          await(
              client.produce(
                  topic.getTopicId(), 0, Durability.STANDARD, Batches.batch(1, "a", "b"))));
      String text = get(ready.metrics().orElseThrow(), "/metrics").body();
      assertThat(text).contains("topic=\"a.b-c_d\"");
      Promtool.check(text.getBytes(StandardCharsets.UTF_8), "check", "metrics");
    }
  }

  @Test
  void errorsAreCountedByApiAndCode() {
    try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      TestClient client = broker.client(ready.client());
      for (int i = 0; i < 3; i++) {
        await(
            client.send(
                Request.newBuilder()
                    .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("nosuch"))));
      }
      Map<String, Double> metrics = metrics(ready.metrics().orElseThrow());
      assertThat(
              metrics.entrySet().stream()
                  .filter(
                      each ->
                          each.getKey()
                              .startsWith("millrace_request_errors_total{api=\"delete_topic\""))
                  .mapToDouble(Map.Entry::getValue)
                  .sum())
          .isEqualTo(3.0);
    }
  }

  @Test
  void aTopicsSeriesGoWithItAndTheTotalsStay() {
    try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
      StartOutcome.Ready ready = broker.ready();
      Endpoint at = ready.metrics().orElseThrow();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "gone", 1, Map.of());
      TestClient.good(
          await(
              client.produce(
                  topic.getTopicId(),
                  0,
                  Durability.LEADER,
                  Batches.batch(1_700_000_000_000L, "a"))));
      assertThat(metrics(at)).containsKey("millrace_topic_produced_bytes_total{topic=\"gone\"}");
      TestClient.good(
          await(
              client.send(
                  Request.newBuilder()
                      .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("gone")))));
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(metrics(at))
                      .doesNotContainKey("millrace_topic_produced_bytes_total{topic=\"gone\"}")
                      .doesNotContainKey("millrace_log_end_offset{partition=\"0\",topic=\"gone\"}")
                      .containsEntry("millrace_produced_records_total", 1.0));
    }
  }

  @Test
  void healthSaysReadyAndVersionSaysWhatRuns() {
    try (RealBroker broker = new RealBroker(cluster, root.resolve("data"), Map.of())) {
      Endpoint at = broker.ready().metrics().orElseThrow();
      assertThat(get(at, "/health/live").statusCode()).isEqualTo(200);
      HttpResponse<String> readiness = get(at, "/health/ready");
      assertThat(readiness.statusCode()).isEqualTo(200);
      assertThat(readiness.body()).isEqualTo("ready\n");
      assertThat(get(at, "/version").body()).startsWith("{\"name\":\"millrace\",\"version\":");
      assertThat(get(at, "/").body()).contains("/health/ready");
      assertThat(get(at, "/nothing").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void healthIsThereBeforeTheBrokerIsReadyAndSaysWhatItWaitsFor() throws IOException {
    int free;
    try (ServerSocket taken = new ServerSocket(0)) {
      free = taken.getLocalPort();
    }
    Endpoint at = new Endpoint("127.0.0.1", free);
    Map<String, String> settings =
        Map.of("listener.metrics", at.toString(), "cluster.connect.timeout.ms", "60000");
    // Nobody answers at this address, so the start goes on until it is stopped.
    try (RealBroker broker = new RealBroker("127.0.0.1:1/none", root.resolve("data"), settings)) {
      var unused = broker.broker.start();
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptionsInstanceOf(AssertionError.class)
          .until(() -> get(at, "/health/ready").statusCode() == 503);
      assertThat(get(at, "/health/ready").body()).contains("looking for the cluster");
      assertThat(get(at, "/health/live").statusCode()).isEqualTo(200);
      assertThat(metrics(at)).containsEntry("millrace_ready", 0.0);
    }
  }

  @Test
  void b66_aTakenMetricsPortIsNamedInTheError() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
        RealBroker broker =
            new RealBroker(
                cluster,
                root.resolve("data"),
                Map.of("listener.metrics", "127.0.0.1:" + taken.getLocalPort()))) {
      Failure failure = broker.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.LISTENER);
      assertThat(failure.message())
          .contains("listener.metrics=127.0.0.1:" + taken.getLocalPort())
          .contains("another program is listening on this port");
    }
  }

  @Test
  void jmxShowsTheSameUnderNamesOfKafkasShapeAndLosesThemAtTheEnd() throws Exception {
    MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();
    ObjectName topicBytes =
        new ObjectName(
            "io.millrace.server:type=Records,name=TopicProducedRecords,topic=measured,broker=77");
    ObjectName phase =
        new ObjectName(
            "io.millrace.server:type=Requests,name=RequestPhaseSeconds,api=produce,phase=handle,"
                + "broker=77");
    try (RealBroker broker =
        new RealBroker(cluster, root.resolve("data"), Map.of("broker.id", "77"))) {
      StartOutcome.Ready ready = broker.ready();
      TestClient client = broker.client(ready.client());
      TopicInfo topic = RealBroker.create(client, "measured", 1, Map.of());
      TestClient.good(
          await(
              client.produce(
                  topic.getTopicId(),
                  0,
                  Durability.LEADER,
                  Batches.batch(1_700_000_000_000L, "a", "b"))));
      assertThat(metrics(ready.metrics().orElseThrow())).isNotEmpty(); // gathers
      assertThat(jmx.getAttribute(topicBytes, "Count")).isEqualTo(2L);
      assertThat((Double) jmx.getAttribute(phase, "99thPercentile")).isPositive();
      assertThat(
              jmx.getAttribute(
                  new ObjectName(
                      "io.millrace.server:type=Log,name=LogEndOffset,topic=measured,partition=0,"
                          + "broker=77"),
                  "Value"))
          .isEqualTo(2L);
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> jmx.queryNames(new ObjectName("io.millrace.server:broker=77,*"), null).isEmpty());
  }

  @Test
  void whereItIsOffNothingListens() {
    try (RealBroker broker =
        new RealBroker(cluster, root.resolve("data"), Map.of("listener.metrics", ""))) {
      assertThat(broker.ready().metrics()).isEmpty();
    }
  }
}
