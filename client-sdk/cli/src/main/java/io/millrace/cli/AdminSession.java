package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/** An admin client for the length of one command; blocks where the client does not. */
public final class AdminSession implements AutoCloseable {
  /** A person waits: shorter than an application's. */
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Surroundings surroundings;
  private final String address;
  private final Admin admin;

  private AdminSession(Surroundings surroundings, String address, Admin admin) {
    this.surroundings = surroundings;
    this.address = address;
    this.admin = admin;
  }

  public static AdminSession open(Surroundings surroundings, ClusterOption cluster) {
    String address = cluster.address(surroundings.environment());
    AdminSettings settings =
        AdminSettings.builder(address)
            .clientId("millrace-cli")
            .defaultApiTimeout(CALL_TIMEOUT)
            .clusterConnectTimeout(CALL_TIMEOUT)
            .build();
    return new AdminSession(surroundings, address, surroundings.clients().admin(settings));
  }

  /** The answer to a question that changes nothing. */
  public <T> T ask(Function<Admin, CompletableFuture<T>> question) throws Exception {
    return FirstContact.ask(surroundings, address, () -> await(question.apply(admin)));
  }

  /** The outcome of a change; what the client reports instead is thrown as it is. */
  public <T> T change(Function<Admin, CompletableFuture<T>> change) throws InterruptedException {
    return await(change.apply(admin));
  }

  private static <T> T await(CompletableFuture<T> answer) throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException reported) {
        throw reported;
      }
      throw new IllegalStateException("the client failed in an unexpected way", e.getCause());
    }
  }

  @Override
  public void close() {
    admin.close(CLOSE_TIMEOUT);
  }
}
