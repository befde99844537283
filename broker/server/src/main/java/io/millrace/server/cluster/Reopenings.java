package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Has logs opened again whose opening failed for a reason that may pass, a disk without room, an
 * error of the disk or the system; and those that have failed while they were in use. Each is tried
 * less and less often; but once there is room again, all that lacked it are tried at once. Owner:
 * the store's loop, which is {@link Replicas}'s.
 */
final class Reopenings {
  private static final long LOOK_NANOS = SECONDS.toNanos(1);
  private static final long FIRST_WAIT_NANOS = SECONDS.toNanos(1);
  private static final long LONGEST_WAIT_NANOS = SECONDS.toNanos(30);

  /** One that fails again so soon after it was opened is waited for longer than before. */
  private static final long SOON_NANOS = SECONDS.toNanos(300);

  /** So long a start in doubt waits for logs whose disk gives errors; for room it waits on. */
  private static final long PATIENCE_NANOS = SECONDS.toNanos(60);

  private final EventLoop loop;
  private final LocalPartitions partitions;
  private final Consumer<Replica> open;
  private final Map<Replica, Waiting> waiting = new HashMap<>();
  private final List<Runnable> whenNothingIsLeft = new ArrayList<>();
  private boolean isLooking;
  private boolean hadRoom;
  private boolean isImpatient;
  private boolean isStopped;

  /** One that waits for its next try, or is being tried. */
  private static final class Waiting {
    long waitNanos = FIRST_WAIT_NANOS / 2;
    long dueNanos;
    boolean isForRoom;
    boolean isTried;
  }

  /**
   * @param open of a replica that is offline; {@link #failed} or {@link #ended} follows
   */
  Reopenings(EventLoop loop, LocalPartitions partitions, Consumer<Replica> open) {
    this.loop = loop;
    this.partitions = partitions;
    this.open = open;
  }

  /** It could not be opened, perhaps not for the first time. */
  void failed(Replica replica, boolean forRoom) {
    if (isStopped) {
      return;
    }
    long now = loop.clock().nanoTime();
    Waiting it = waiting.get(replica);
    if (it == null) {
      it = new Waiting();
      if (replica.reopenedAfterNanos > 0 && now - replica.openedNanos < SOON_NANOS) {
        it.waitNanos = replica.reopenedAfterNanos;
      }
      waiting.put(replica, it);
    }
    it.isForRoom = forRoom;
    it.isTried = false;
    it.waitNanos = Math.min(2 * it.waitNanos, LONGEST_WAIT_NANOS);
    it.dueNanos = now + it.waitNanos;
    lookLater();
  }

  /** It is open, or nobody wants it to be any more. */
  void ended(Replica replica) {
    Waiting it = waiting.remove(replica);
    if (it != null) {
      replica.reopenedAfterNanos = it.waitNanos;
    }
    goOn();
  }

  /** Runs the action once nothing is left to be tried; errors that do not pass are given up. */
  void whenNothingIsLeft(Runnable action) {
    whenNothingIsLeft.add(action);
    loop.schedule(
        PATIENCE_NANOS,
        () -> {
          isImpatient = true;
          goOn();
        });
    goOn();
  }

  private void goOn() {
    boolean isLeft = isImpatient ? isShortOfRoom() : !waiting.isEmpty();
    if (!isLeft && !isStopped) {
      List<Runnable> actions = List.copyOf(whenNothingIsLeft);
      whenNothingIsLeft.clear();
      actions.forEach(Runnable::run);
    }
  }

  /** Nothing is tried, and nobody told, any more. */
  void stop() {
    isStopped = true;
    waiting.clear();
  }

  private boolean isShortOfRoom() {
    return waiting.values().stream().anyMatch(it -> it.isForRoom);
  }

  private void lookLater() {
    if (!isLooking) {
      isLooking = true;
      hadRoom = false;
      loop.schedule(LOOK_NANOS, this::look);
    }
  }

  private void look() {
    if (isShortOfRoom()) {
      partitions.lookForRoom(this::looked);
    } else {
      looked(false);
    }
  }

  private void looked(boolean hasRoom) {
    boolean isNews = hasRoom && !hadRoom;
    hadRoom = hasRoom;
    long now = loop.clock().nanoTime();
    List<Replica> due = new ArrayList<>();
    waiting.forEach(
        (replica, it) -> {
          if (!it.isTried && (now - it.dueNanos >= 0 || (it.isForRoom && isNews))) {
            it.isTried = true;
            due.add(replica);
          }
        });
    due.sort(ReplicaTable.IN_ORDER);
    due.forEach(open);
    if (waiting.isEmpty()) {
      isLooking = false;
    } else {
      loop.schedule(LOOK_NANOS, this::look);
    }
  }
}
