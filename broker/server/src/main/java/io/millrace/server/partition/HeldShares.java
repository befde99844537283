package io.millrace.server.partition;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Shares that came before the leadership they are meant for: whoever sent them has heard of an
 * epoch in which this replica leads, and it has not, or is not ready yet. They are kept for a
 * moment, in order, since to refuse them costs their producers a pause. Owner: the partition's
 * loop.
 *
 * <p>Their memory counts as that of any request that waits; beyond a number, and after a while,
 * they are judged as they would have been at once.
 */
final class HeldShares {
  static final int MOST = 256;
  static final long PATIENCE_NANOS = MILLISECONDS.toNanos(500);

  private final EventLoop loop;
  private final Consumer<ProduceShare> judge;
  private final Deque<Held> held = new ArrayDeque<>();
  private boolean timed;

  private record Held(ProduceShare share, long untilNanos) {}

  /**
   * @param judge is given each when its time is over
   */
  HeldShares(EventLoop loop, Consumer<ProduceShare> judge) {
    this.loop = loop;
    this.judge = judge;
  }

  /** False when there are too many already. */
  boolean add(ProduceShare share) {
    if (held.size() >= MOST) {
      return false;
    }
    held.add(new Held(share, loop.clock().nanoTime() + PATIENCE_NANOS));
    wait(held.peek());
    return true;
  }

  /** Those that there is no reason to hold any more, in the order in which they came. */
  List<ProduceShare> takeUnless(Predicate<ProduceShare> isAwaited) {
    List<ProduceShare> taken = new ArrayList<>();
    held.removeIf(
        each -> {
          boolean isTaken = !isAwaited.test(each.share());
          if (isTaken) {
            taken.add(each.share());
          }
          return isTaken;
        });
    return taken;
  }

  private void wait(@Nullable Held first) {
    if (first != null && !timed) {
      timed = true;
      loop.schedule(
          Math.max(0, first.untilNanos() - loop.clock().nanoTime()),
          () -> {
            timed = false;
            expire();
          });
    }
  }

  private void expire() {
    long now = loop.clock().nanoTime();
    while (!held.isEmpty() && held.element().untilNanos() - now <= 0) {
      judge.accept(held.remove().share());
    }
    wait(held.peek());
  }
}
