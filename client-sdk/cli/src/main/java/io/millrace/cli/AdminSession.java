package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** An admin client for the length of one command; blocks where the client does not. */
final class AdminSession implements AutoCloseable {
  /** A person waits: shorter than an application's. */
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Admin admin;

  private AdminSession(Admin admin) {
    this.admin = admin;
  }

  static AdminSession open(Surroundings surroundings, ClusterOption cluster) {
    AdminSettings settings =
        AdminSettings.builder(cluster.address(surroundings.environment()))
            .clientId("millrace-cli")
            .defaultApiTimeout(CALL_TIMEOUT)
            .clusterConnectTimeout(CALL_TIMEOUT)
            .build();
    return new AdminSession(surroundings.clients().admin(settings));
  }

  Admin admin() {
    return admin;
  }

  /** The answer; what the client reports instead is thrown as it is. */
  static <T> T await(CompletableFuture<T> answer) throws InterruptedException {
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
