package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every loop promises, with links or without. */
public abstract class EventLoopContract {
  private static final long MILLI = 1_000_000;

  private final List<Object> events = new CopyOnWriteArrayList<>();

  protected abstract EventLoop loop();

  protected abstract void await(String what, BooleanSupplier condition);

  /** That tasks threw was meant. */
  protected void forgiveThrown() {}

  @Test
  void runsTasksInTheOrderOfSubmission() {
    List<Integer> expected = IntStream.range(0, 1_000).boxed().toList();
    expected.forEach(i -> loop().execute(() -> events.add(i)));
    await("all", () -> events.size() == expected.size());
    assertThat(events).containsExactlyElementsOf(expected);
  }

  @Test
  void runsATaskSubmittedFromATaskAfterThoseThatWait() {
    loop()
        .execute(
            () -> {
              loop().execute(() -> events.add("inner"));
              events.add("outer");
            });
    loop().execute(() -> events.add("next"));
    await("all", () -> events.size() == 3);
    assertThat(events.get(0)).isEqualTo("outer");
    assertThat(events).contains("inner", "next");
  }

  @Test
  void goesOnAfterATaskThatThrew() {
    loop()
        .execute(
            () -> {
              throw new IllegalStateException("a test's own failure");
            });
    loop()
        .schedule(
            1,
            () -> {
              throw new StackOverflowError("a test's own failure");
            });
    loop().schedule(5 * MILLI, () -> events.add("later"));
    loop().execute(() -> events.add("next"));
    await("all", () -> events.size() == 2);
    assertThat(events).containsExactlyInAnyOrder("next", "later");
    forgiveThrown();
  }

  @Test
  void runsTimersInTheOrderOfTheirTimesAndNotBefore() {
    long start = loop().clock().nanoTime();
    AtomicReference<@Nullable Long> elapsed = new AtomicReference<>();
    var second =
        loop()
            .schedule(
                40 * MILLI,
                () -> {
                  elapsed.set(loop().clock().nanoTime() - start);
                  events.add("second");
                });
    var first = loop().schedule(10 * MILLI, () -> events.add("first"));
    await("both", () -> events.size() == 2);
    assertThat(events).containsExactly("first", "second");
    assertThat(elapsed.get()).isGreaterThanOrEqualTo(40 * MILLI);
    second.cancel();
    first.cancel();
  }

  @Test
  void doesNotRunATimerThatWasCancelledOnTheLoop() {
    loop()
        .execute(
            () -> {
              Timer due = loop().schedule(0, () -> events.add("cancelled"));
              Timer later = loop().schedule(MILLI, () -> events.add("cancelled"));
              due.cancel();
              later.cancel();
              later.cancel();
              loop().schedule(20 * MILLI, () -> events.add("end"));
            });
    await("the end", () -> events.contains("end"));
    assertThat(events).containsExactly("end");
  }

  @Test
  void knowsWhetherItIsRunning() {
    assertThat(loop().inLoop()).isFalse();
    assertThatThrownBy(loop()::assertInLoop).hasMessageContaining("owned by " + loop().name());
    loop().execute(() -> events.add(loop().inLoop()));
    loop().schedule(1, () -> events.add(loop().inLoop()));
    await("both", () -> events.size() == 2);
    assertThat(events).containsExactly(true, true);
  }
}
