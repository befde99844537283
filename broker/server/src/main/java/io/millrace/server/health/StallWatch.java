package io.millrace.server.health;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.health.HealthBoard.Part;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each loop and worker a task every so often and notices when one does not run it: a disk
 * that hangs, a deadlock, a task that never ends. A broker in that state may keep its session,
 * since other threads do that (reliability 8.14), so somebody has to say so. Owner: the watching
 * loop.
 */
public final class StallWatch {
  private static final Logger LOG = LoggerFactory.getLogger(StallWatch.class);
  private static final long LOOK_NANOS = SECONDS.toNanos(1);

  /** Longer than any pause of a healthy machine that anybody wants to live with. */
  private static final long DEAD_NANOS = SECONDS.toNanos(60);

  private final EventLoop home;
  private final HealthBoard board;
  private final List<Watched> watched = new ArrayList<>();
  private boolean stopped;

  private static final class Watched {
    final EventLoop loop;
    final long patienceNanos;
    long sentNanos;
    boolean isOut;
    boolean isTold;

    Watched(EventLoop loop, long patienceNanos) {
      this.loop = loop;
      this.patienceNanos = patienceNanos;
    }
  }

  /**
   * @param home where the watching is done; must not block, and is not watched
   */
  public StallWatch(EventLoop home, HealthBoard board) {
    this.home = home;
    this.board = board;
  }

  /**
   * Before {@link #start}.
   *
   * @param patienceMillis how long it may take to come round before it counts as stalled
   */
  public void add(EventLoop loop, long patienceMillis) {
    watched.add(new Watched(loop, patienceMillis * 1_000_000));
  }

  /** Any thread. */
  public void start() {
    home.execute(this::look);
  }

  /** On the watching loop. */
  public void stop() {
    home.assertInLoop();
    stopped = true;
  }

  private void look() {
    if (stopped) {
      return;
    }
    long now = home.clock().nanoTime();
    for (Watched one : watched) {
      if (!one.isOut) {
        send(one, now);
      } else if (!one.isTold && now - one.sentNanos >= one.patienceNanos) {
        one.isTold = true;
        LOG.warn(
            "{} has not come round for {} s; requests that need it wait. Is the disk or the machine"
                + " overloaded? A thread dump (jcmd PID Thread.print) tells what it is doing",
            one.loop.name(),
            (now - one.sentNanos) / 1_000_000_000);
      }
    }
    tell(now);
    home.schedule(LOOK_NANOS, this::look);
  }

  private void send(Watched one, long now) {
    one.isOut = true;
    one.sentNanos = now;
    one.loop.execute(() -> home.execute(() -> cameRound(one)));
  }

  private void cameRound(Watched one) {
    one.isOut = false;
    if (one.isTold) {
      one.isTold = false;
      long millis = (home.clock().nanoTime() - one.sentNanos) / 1_000_000;
      LOG.info("{} comes round again, after {} ms", one.loop.name(), millis);
      tell(home.clock().nanoTime());
    }
  }

  private void tell(long now) {
    List<String> stalled = new ArrayList<>();
    boolean isDead = false;
    for (Watched one : watched) {
      if (one.isOut && one.isTold) {
        stalled.add(one.loop.name());
        isDead |= now - one.sentNanos >= DEAD_NANOS;
      }
    }
    if (stalled.isEmpty()) {
      board.good(Part.THREADS);
    } else if (isDead) {
      board.dead(Part.THREADS, "stalled for a minute and more: " + String.join(", ", stalled));
    } else {
      board.bad(Part.THREADS, "stalled: " + String.join(", ", stalled));
    }
  }
}
