package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkerThreadTest extends EventLoopContract {
  private final Tasks.Worker worker = new SystemTasks().worker("housekeeping");

  @Override
  protected EventLoop loop() {
    return worker;
  }

  @Override
  protected void await(String what, BooleanSupplier condition) {
    Awaitility.await(what).atMost(60, TimeUnit.SECONDS).until(condition::getAsBoolean);
  }

  @AfterEach
  void stop() throws InterruptedException {
    worker.stop();
    assertThat(worker.awaitStopped(TimeUnit.SECONDS.toNanos(10))).isTrue();
  }

  @Test
  void isADaemonThreadOfItsName() {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    worker.execute(() -> threads.add(Thread.currentThread()));
    await("the thread", () -> threads.size() == 1);
    assertThat(threads.get(0).getName()).isEqualTo("housekeeping");
    assertThat(threads.get(0).isDaemon()).isTrue();
  }

  @Test
  void finishesWhatWasSubmittedBeforeTheStopAndDropsTimersAndWhatComesAfter() throws Exception {
    List<String> ran = new CopyOnWriteArrayList<>();
    CountDownLatch go = new CountDownLatch(1);
    worker.execute(
        () -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    worker.execute(() -> ran.add("before"));
    var timer = worker.schedule(TimeUnit.HOURS.toNanos(1), () -> ran.add("timer"));
    worker.stop();
    worker.execute(() -> ran.add("after"));
    var late = worker.schedule(0, () -> ran.add("after"));
    assertThat(worker.awaitStopped(1_000_000)).isFalse();
    go.countDown();
    assertThat(worker.awaitStopped(TimeUnit.SECONDS.toNanos(10))).isTrue();
    assertThat(ran).containsExactly("before");
    timer.cancel();
    late.cancel();
  }
}
