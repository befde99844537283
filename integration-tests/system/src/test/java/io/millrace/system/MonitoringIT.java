package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code curl} shows of a broker process, with its ZooKeeper and without. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class MonitoringIT {
  private final HttpClient http = HttpClient.newHttpClient();

  @TempDir Path dir;
  private String address = "";

  @Test
  void showsMetricsHealthAndVersionWithAndWithoutZooKeeper() throws Exception {
    try (Servers servers = new Servers(dir)) {
      // As short as a busy machine lets it be, as ZooKeeper's silence is waited for below.
      MillraceProcess zooKeeper = servers.zooKeeper("tickTime=500");
      MillraceProcess broker = servers.ready(1, "cluster.session.timeout.ms=2000");
      address = broker.awaitLine("^ready .*\\bmetrics=(\\S+)").group(1);
      servers.run("topic", "create", "notes", "--partitions", "1", "--replicas", "1");
      Path lines = Files.writeString(dir.resolve("lines"), "one\ntwo\nthree\n");
      servers.run("produce", "notes", lines.toString());

      assertThat(get("/health/live").statusCode()).isEqualTo(200);
      awaitReady("ready, unless so short a session has just ended on a busy machine");
      assertThat(get("/version").body()).contains("\"name\":\"millrace\"").contains("\"broker\":1");
      HttpResponse<String> metrics = get("/metrics");
      assertThat(metrics.statusCode()).isEqualTo(200);
      assertThat(metrics.headers().firstValue("Content-Type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
      assertThat(metrics.body())
          .contains("# TYPE millrace_")
          .contains("topic=\"notes\"")
          .endsWith("\n");
      assertThat(get("/no/such/page").statusCode()).isEqualTo(404);

      zooKeeper.signal("STOP");
      Awaitility.await("a broker without ZooKeeper says that it is not ready, and why")
          .atMost(MillraceProcess.PATIENCE)
          .pollInterval(Duration.ofMillis(200))
          .untilAsserted(
              () -> {
                HttpResponse<String> ready = get("/health/ready");
                assertThat(ready.statusCode()).isEqualTo(503);
                assertThat(ready.body()).containsIgnoringCase("ZooKeeper");
              });
      assertThat(get("/health/live").statusCode()).as("a restart would not help").isEqualTo(200);
      assertThat(get("/metrics").statusCode()).isEqualTo(200);
      assertThat(get("/version").statusCode()).isEqualTo(200);

      zooKeeper.signal("CONT");
      awaitReady("ready again by itself");
      assertThat(broker.stop()).as(broker.describe()).isIn(0, 143);
    }
  }

  private void awaitReady(String what) {
    Awaitility.await(what)
        .atMost(MillraceProcess.PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertThat(get("/health/ready").statusCode()).isEqualTo(200));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + address + path))
            .timeout(MillraceProcess.PATIENCE)
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }
}
