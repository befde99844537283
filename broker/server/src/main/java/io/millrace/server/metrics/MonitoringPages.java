package io.millrace.server.metrics;

import io.millrace.rpc.HttpTransport;
import io.millrace.rpc.HttpTransport.Answer;
import io.millrace.rpc.HttpTransport.Query;
import io.millrace.server.health.BrokerHealth;
import java.util.function.Consumer;

/**
 * What can be asked of a broker over HTTP. On the transport's thread; what takes longer goes on the
 * metrics worker.
 */
final class MonitoringPages implements HttpTransport.Handler {
  private static final String INDEX =
      """
      Millrace broker %d, version %s
      /metrics        all metrics, in Prometheus's text format
      /health/live    200 while it lives, 503 when only a restart can help
      /health/ready   200 while it serves, 503 with the reason when it does not
      /version        what runs here, as JSON
      """;

  private final int brokerId;
  private final String version;
  private final BrokerHealth health;
  private final Consumer<Consumer<byte[]>> scrape;

  /**
   * @param scrape gives, later and on any thread, the text of all metrics
   */
  MonitoringPages(
      int brokerId, String version, BrokerHealth health, Consumer<Consumer<byte[]>> scrape) {
    this.brokerId = brokerId;
    this.version = version;
    this.health = health;
    this.scrape = scrape;
  }

  @Override
  public void handle(Query query, Consumer<Answer> answer) {
    switch (query.path()) {
      case "/metrics" ->
          scrape.accept(text -> answer.accept(new Answer(200, PrometheusText.CONTENT_TYPE, text)));
      case "/health/live" -> answer.accept(verdict(health.live()));
      case "/health/ready" -> answer.accept(verdict(health.ready()));
      case "/version" -> answer.accept(Answer.json(200, versionJson()));
      case "/" -> answer.accept(Answer.text(200, INDEX.formatted(brokerId, version)));
      default -> answer.accept(Answer.text(404, "no such page; / lists those there are\n"));
    }
  }

  private static Answer verdict(BrokerHealth.Verdict verdict) {
    return Answer.text(verdict.isGood() ? 200 : 503, verdict.reason() + "\n");
  }

  private String versionJson() {
    return "{\"name\":\"millrace\",\"version\":\"%s\",\"broker\":%d,\"java\":\"%s\"}\n"
        .formatted(plain(version), brokerId, plain(Runtime.version().toString()));
  }

  /** Neither may hold what JSON would have escaped; but then it stays JSON. */
  private static String plain(String text) {
    return text.replaceAll("[^A-Za-z0-9._+ -]", "?");
  }
}
