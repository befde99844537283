package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Clock;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MailboxTest {
  private final HandCrankedLoop loop = new HandCrankedLoop();
  private final Mailbox mailbox = new Mailbox(loop, 3);
  private final List<String> ran = new ArrayList<>();

  @Test
  void aBurstOfMessagesCostsOneWakeUpAndRunsInOrder() {
    mailbox.deliver(() -> ran.add("a"));
    mailbox.deliver(() -> ran.add("b"));
    assertThat(mailbox.offer(() -> ran.add("c"))).isTrue();
    assertThat(loop.submitted).isEqualTo(1);
    loop.crank();
    assertThat(ran).containsExactly("a", "b", "c");
  }

  @Test
  void refusesNewWorkWhenFullButNotWhatSomebodyWaitsFor() {
    for (int i = 0; i < 3; i++) {
      assertThat(mailbox.offer(() -> ran.add("work"))).isTrue();
    }
    assertThat(mailbox.offer(() -> ran.add("too much"))).isFalse();
    mailbox.deliver(() -> ran.add("answer"));
    loop.crank();
    assertThat(ran).containsExactly("work", "work", "work", "answer");
    assertThat(mailbox.offer(() -> ran.add("again"))).isTrue();
  }

  @Test
  void aMessageThatIsPostedByAMessageIsRunInALaterTask() {
    mailbox.deliver(() -> mailbox.deliver(() -> ran.add("inner")));
    loop.crankOne();
    assertThat(ran).isEmpty();
    loop.crank();
    assertThat(ran).containsExactly("inner");
  }

  @Test
  void aMessageThatThrowsHarmsNoneBehindIt() {
    mailbox.deliver(
        () -> {
          throw new IllegalStateException("on purpose");
        });
    mailbox.deliver(() -> ran.add("behind"));
    loop.crank();
    assertThat(ran).containsExactly("behind");
    assertThat(loop.failures).hasSize(1);
    mailbox.deliver(() -> ran.add("later"));
    loop.crank();
    assertThat(ran).containsExactly("behind", "later");
  }

  @Test
  void losesNothingUnderManyPosters() throws InterruptedException {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    ExecutorService posters = Executors.newFixedThreadPool(4);
    Mailbox busy = new Mailbox(new ExecutorLoop(thread), 1_000_000);
    CountDownLatch done = new CountDownLatch(40_000);
    for (int p = 0; p < 4; p++) {
      posters.execute(
          () -> {
            for (int i = 0; i < 10_000; i++) {
              busy.deliver(done::countDown);
            }
          });
    }
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    posters.shutdown();
    thread.shutdown();
  }

  /** Runs what was submitted when the test says so. */
  private static class HandCrankedLoop implements EventLoop {
    final Queue<Runnable> tasks = new ArrayDeque<>();
    final List<Throwable> failures = new ArrayList<>();
    int submitted;

    void crank() {
      while (!tasks.isEmpty()) {
        crankOne();
      }
    }

    void crankOne() {
      try {
        tasks.remove().run();
      } catch (IllegalStateException e) {
        failures.add(e);
      }
    }

    @Override
    public void execute(Runnable task) {
      submitted++;
      tasks.add(task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public Clock clock() {
      throw new UnsupportedOperationException();
    }

    @Override
    public String name() {
      return "cranked";
    }
  }

  private static final class ExecutorLoop extends HandCrankedLoop {
    private final ExecutorService thread;

    ExecutorLoop(ExecutorService thread) {
      this.thread = thread;
    }

    @Override
    public void execute(Runnable task) {
      thread.execute(task);
    }
  }
}
