package io.millrace.server.partition;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A leader that lets another replica take its place, while producers go on. It waits until the
 * other has all that was there when this began, and everybody who sent that has been told; so it is
 * near the log's end when it is named. Until this leader hears that it is, what may be lost or
 * doubled by the change is kept back ({@link KeptBack}), and all else is appended and committed as
 * ever: the other has it, or nobody is told that it is written. Owner: the partition's loop.
 *
 * <p>Who then writes that the other leads is told by {@link Partition#leadOn} that nothing came of
 * it, or by another role that it did; what was kept is appended or refused, and nothing in between.
 */
final class HandingOver {
  private static final long LOOK_NANOS = MILLISECONDS.toNanos(1);

  private final Partition partition;
  private final Leading leader;
  private final EventLoop loop;
  private final int to;
  private final long begunAtOffset;
  private final long deadlineNanos;
  private final Consumer<Optional<Integer>> then;
  private boolean isTold;

  /**
   * @param then once, on this loop: the other's incarnation, or that it did not come to that
   */
  HandingOver(
      Partition partition,
      Leading leader,
      EventLoop loop,
      int to,
      long patienceNanos,
      Consumer<Optional<Integer>> then) {
    this.partition = partition;
    this.leader = leader;
    this.loop = loop;
    this.to = to;
    this.begunAtOffset = partition.log().endOffset();
    this.deadlineNanos = loop.clock().nanoTime() + patienceNanos;
    this.then = then;
  }

  void look() {
    if (isTold) {
      return;
    }
    Optional<Integer> successor = leader.successor(to, begunAtOffset);
    boolean isLate = loop.clock().nanoTime() - deadlineNanos >= 0;
    // Nobody who was appended is left without an answer, unless that takes too long.
    if (successor.isPresent() && (isLate || !partition.isAwaitedBelow(begunAtOffset))) {
      tell(successor);
    } else if (isLate) {
      partition.leadOn();
    } else {
      loop.schedule(LOOK_NANOS, this::look);
    }
  }

  /** Over, before it was ready or after. */
  void end() {
    tell(Optional.empty());
  }

  private void tell(Optional<Integer> successor) {
    if (!isTold) {
      isTold = true;
      then.accept(successor);
    }
  }
}
