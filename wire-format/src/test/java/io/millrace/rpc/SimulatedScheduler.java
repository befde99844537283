package io.millrace.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All loops, workers, timers and networks of a simulation on one thread, in virtual time.
 *
 * <p>Equal seeds run equally, step by step. Which loop goes on next, and in which order things due
 * at the same instant happen, is drawn from the seed. Time passes when nobody has anything to do,
 * and a little with every step, so that who waits by asking the clock gets somewhere.
 *
 * <p>Everything, including the test itself, runs on the thread that made this, or on one that it
 * was lent to meanwhile.
 */
public final class SimulatedScheduler {
  private static final Logger log = LoggerFactory.getLogger(SimulatedScheduler.class);

  private static final long STEP_NANOS = 100;

  /** Fewer cancelled events are not worth a look at all. */
  private static final int MANY_CANCELLED = 256;

  /** Who runs the simulation now. */
  private Thread owner = Thread.currentThread();

  private final SplittableRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();

  /** Of those in {@link #events}. */
  private int cancelled;

  /** Those that could take a step now; each knows its place in it. */
  private final ArrayList<SimulatedLoop> ready = new ArrayList<>();

  private final List<Throwable> thrown = new ArrayList<>();
  private long nowNanos;
  private long sequence;
  private long trace;
  private @Nullable SimulatedLoop lastRan;

  public SimulatedScheduler(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Since the start of the simulation. */
  public long nanoTime() {
    return nowNanos;
  }

  /** The seed's own numbers; every draw changes what follows. */
  public SplittableRandom random() {
    return random;
  }

  /** Two runs that took the same steps have the same. */
  public long trace() {
    return trace;
  }

  /** What tasks threw, which a real loop would only have logged. */
  public List<Throwable> thrown() {
    return List.copyOf(thrown);
  }

  /** Whose loop or worker took the last step; null when it was something on no loop. */
  public @Nullable SimulatedTasks lastRan() {
    return lastRan == null ? null : lastRan.node();
  }

  /** The loop or worker that took the last step; null when it was something on no loop. */
  public @Nullable EventLoop lastLoop() {
    return lastRan;
  }

  /** Cheaper to ask after each step than {@link #thrown}. */
  public boolean hasThrown() {
    return !thrown.isEmpty();
  }

  /** What was thrown so far was meant. */
  public void forgiveThrown() {
    thrown.clear();
  }

  /**
   * Gives the simulation to another thread, which waits for that and gives it back before this one
   * goes on: so that what blocks, as an application does in a poll, can run in it. Both see to it
   * that they take turns and see what the other has done.
   */
  public void lendTo(Thread other) {
    checkThread();
    owner = other;
  }

  void noteThrown(Throwable e) {
    log.error("a simulated task threw", e);
    thrown.add(e);
  }

  /** An action on no loop, at an instant from now on. */
  public Timer at(long nanos, Runnable action) {
    return at(nanos, null, action);
  }

  /**
   * @param of whose event it is: it is gone when that process is killed
   */
  Timer at(long nanos, @Nullable SimulatedTasks of, Runnable action) {
    checkThread();
    Event event = new Event(Math.max(nanos, nowNanos), random.nextInt(), sequence++, of, action);
    events.add(event);
    return event;
  }

  /**
   * Nothing of what that process waited for happens any more. Most of it is minutes away, and would
   * keep all that the process was in memory until then.
   */
  void forget(SimulatedTasks killed) {
    checkThread();
    events.removeIf(
        event -> {
          if (event.of == killed) {
            event.action = null;
          }
          return event.action == null;
        });
    cancelled = 0;
  }

  /** A client's time-outs are cancelled by the thousand, long before they would be due. */
  private void noteCancelled() {
    cancelled++;
    if (cancelled >= MANY_CANCELLED && cancelled > events.size() / 2) {
      events.removeIf(event -> event.action == null);
      cancelled = 0;
    }
  }

  /**
   * Lets one thing happen.
   *
   * @return false when nothing is left to happen
   */
  public boolean step() {
    checkThread();
    boolean idle = ready.isEmpty();
    if (!idle) {
      nowNanos += STEP_NANOS;
    }
    Event first = firstEvent();
    if (first != null && (idle || first.at <= nowNanos)) {
      events.remove();
      nowNanos = Math.max(nowNanos, first.at);
      mix(first.seq);
      lastRan = null;
      Runnable action = first.take();
      if (action != null) {
        run(action);
      }
      return true;
    }
    if (idle) {
      return false;
    }
    int chosen = random.nextInt(ready.size());
    mix(~chosen);
    SimulatedLoop loop = ready.get(chosen);
    lastRan = loop;
    loop.runSome();
    return true;
  }

  /**
   * @param place where the loop stands among the ready ones, or -1
   * @return where it stands now
   */
  int setReady(SimulatedLoop loop, int place, boolean isReady) {
    checkThread();
    if (isReady && place < 0) {
      ready.add(loop);
      return ready.size() - 1;
    }
    if (!isReady && place >= 0) {
      SimulatedLoop last = ready.remove(ready.size() - 1);
      if (last != loop) {
        ready.set(place, last);
        last.stands(place);
      }
      return -1;
    }
    return place;
  }

  /** Also cancelled ones that are still to be cleared away. */
  int waitingEvents() {
    return events.size();
  }

  private @Nullable Event firstEvent() {
    Event first = events.peek();
    while (first != null && first.action == null) {
      events.remove();
      cancelled--;
      first = events.peek();
    }
    return first;
  }

  private void mix(long what) {
    trace = Long.rotateLeft(trace, 5) * 0x9E3779B97F4A7C15L + what + nowNanos;
  }

  /** Lets virtual time pass. */
  public void runFor(long nanos) {
    long end = nowNanos + nanos;
    boolean[] over = new boolean[1];
    at(end, () -> over[0] = true);
    while (!over[0]) {
      step();
    }
  }

  /**
   * @throws AssertionError when the condition has not come true within that virtual time, or never
   *     will because nothing is left to happen
   */
  public void runUntil(String what, BooleanSupplier condition, long withinNanos) {
    long end = nowNanos + withinNanos;
    while (!condition.getAsBoolean()) {
      if (nowNanos > end) {
        throw new AssertionError("not within " + withinNanos / 1_000_000 + " ms: " + what);
      }
      if (!step()) {
        throw new AssertionError("nothing is left to happen, and still not: " + what);
      }
    }
  }

  void run(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      noteThrown(e);
    }
  }

  private void checkThread() {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException("a simulation is used by one thread only");
    }
  }

  private final class Event implements Comparable<Event>, Timer {
    private final long at;
    private final int tie;
    private final long seq;
    private final @Nullable SimulatedTasks of;

    /** Null: it was cancelled, or has happened; what it would have done is let go at once. */
    private @Nullable Runnable action;

    Event(long at, int tie, long seq, @Nullable SimulatedTasks of, Runnable action) {
      this.at = at;
      this.tie = tie;
      this.seq = seq;
      this.of = of;
      this.action = action;
    }

    @Nullable Runnable take() {
      Runnable taken = action;
      action = null;
      return taken;
    }

    @Override
    public void cancel() {
      if (take() != null) {
        noteCancelled();
      }
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      int byTie = byTime != 0 ? byTime : Integer.compare(tie, other.tie);
      return byTie != 0 ? byTie : Long.compare(seq, other.seq);
    }
  }
}
