package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The polling thread sleeps, and is woken. */
@Timeout(30)
class ThreadWaitTest {
  private final ThreadWait wait = new ThreadWait();

  @Test
  void doesNotSleepWhenItWasWokenBefore() throws Exception {
    wait.wake();
    wait.await(TimeUnit.HOURS.toNanos(1));
  }

  @Test
  void isWokenByAnotherThread() throws Exception {
    CompletableFuture<Void> other = CompletableFuture.runAsync(wait::wake);
    wait.await(TimeUnit.HOURS.toNanos(1));
    assertThat(other).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void endsInTime() throws Exception {
    wait.await(1_000_000);
    wait.await(0);
  }

  @Test
  void b100_isEndedByAnInterrupt() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> wait.await(TimeUnit.HOURS.toNanos(1)))
        .isInstanceOf(InterruptedException.class);
  }
}
