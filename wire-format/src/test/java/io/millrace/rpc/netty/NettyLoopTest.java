package io.millrace.rpc.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.EventLoopContract;
import io.millrace.rpc.SystemTasks;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NettyLoopTest extends EventLoopContract {
  private final NettyTransport transport = new NettyTransport(new SystemTasks(), 3, "test-");

  @Override
  protected EventLoop loop() {
    return transport.loops().get(1);
  }

  @Override
  protected void await(String what, BooleanSupplier condition) {
    Awaitility.await(what).atMost(60, TimeUnit.SECONDS).until(condition::getAsBoolean);
  }

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void runsOnDaemonThreadsNumberedLikeTheLoops() {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    for (EventLoop loop : transport.loops()) {
      loop.execute(() -> threads.add(Thread.currentThread()));
      await("the thread", () -> threads.size() == transport.loops().indexOf(loop) + 1);
    }
    assertThat(threads)
        .extracting(Thread::getName)
        .containsExactly("test-loop-0", "test-loop-1", "test-loop-2")
        .containsExactlyElementsOf(transport.loops().stream().map(EventLoop::name).toList());
    assertThat(threads).allMatch(Thread::isDaemon);
  }

  @Test
  void cannotBeClosedFromItsOwnLoop() {
    List<Throwable> thrown = new CopyOnWriteArrayList<>();
    loop()
        .execute(
            () -> {
              try {
                transport.close();
              } catch (IllegalStateException e) {
                thrown.add(e);
              }
            });
    await("the refusal", () -> thrown.size() == 1);
    assertThat(thrown.get(0)).hasMessageContaining("closed on its own test-loop-1");
  }

  @Test
  void dropsWhatComesAfterTheClose() {
    transport.close();
    loop().execute(() -> {});
    loop().schedule(1, () -> {}).cancel();
    transport.close();
  }

  @Test
  void refusesACountOfLoopsThatMakesNoSense() {
    assertThatThrownBy(() -> new NettyTransport(new SystemTasks(), 0))
        .hasMessageContaining("0 loops");
  }
}
