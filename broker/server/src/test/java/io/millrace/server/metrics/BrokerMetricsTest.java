package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.HttpTransport;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import io.millrace.server.health.HealthBoard;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BrokerMetricsTest {
  private final SystemTasks tasks = new SystemTasks();
  private final HealthBoard health = new HealthBoard();
  private final BrokerMetrics metrics = new BrokerMetrics(tasks, 9, "1.2.3", health, true);

  private HttpTransport.Answer ask(String path) throws Exception {
    CompletableFuture<HttpTransport.Answer> answer = new CompletableFuture<>();
    metrics.pages().handle(new HttpTransport.Query(path), answer::complete);
    return answer.get(60, TimeUnit.SECONDS);
  }

  private String metricsText() throws Exception {
    return new String(ask("/metrics").body(), StandardCharsets.UTF_8);
  }

  @Test
  void aLoopThatStandsHoldsNoScrapeUpAndShowsInItsDelay() throws Exception {
    Tasks.Worker standing = tasks.worker("standing");
    Tasks.Worker healthy = tasks.worker("healthy");
    CountDownLatch go = new CountDownLatch(1);
    standing.execute(
        () -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    try {
      metrics.addShards(List.of(shard(standing), shard(healthy)), id -> true);
      String text = metricsText();
      assertThat(text)
          .contains("millrace_loop_delay_seconds_count{loop=\"standing\"} 0")
          .contains("millrace_mailbox_messages{loop=\"standing\"} 0.0")
          .contains("millrace_ready 0.0");
      // A second scrape is not held up by what the first has left waiting.
      assertThat(metricsText()).contains("millrace_build_info{version=\"1.2.3\"} 1.0");
    } finally {
      go.countDown();
      metrics.close();
      standing.stop();
      healthy.stop();
    }
  }

  private static Shard shard(Tasks.Worker loop) {
    return new Shard(loop, id -> new Refusal(ErrorCode.NOT_LEADER, "nobody"));
  }

  @Test
  void healthIs503WithTheReasonUntilAllIsWell() throws Exception {
    HttpTransport.Answer starting = ask("/health/ready");
    assertThat(starting.status()).isEqualTo(503);
    assertThat(new String(starting.body(), StandardCharsets.UTF_8)).isEqualTo("starting\n");
    assertThat(ask("/health/live").status()).isEqualTo(200);
    for (HealthBoard.Part part : HealthBoard.Part.values()) {
      health.good(part);
    }
    assertThat(ask("/health/ready").status()).isEqualTo(200);
    health.dead(HealthBoard.Part.THREADS, "stalled for a minute and more: loop-0");
    assertThat(ask("/health/live").status()).isEqualTo(503);
    metrics.close();
  }
}
