package io.millrace.rpc;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.RpcServerSettings.Timeouts;
import io.millrace.rpc.RpcServerStats.End;
import org.jspecify.annotations.Nullable;

/**
 * How long a peer may take its time: for its Hello, for each frame once it has begun, for taking
 * its answers, and between frames. Pure: told what happens and when, asked now and then. On its
 * connection's loop.
 */
final class ServerDeadlines {
  /** What comes, or goes, at this pace or faster is never too slow, however large it is. */
  private static final long SLOWEST_BYTES_PER_MILLI = 16;

  /** The same, while others cannot go on for the memory that a frame has taken. */
  private static final long SLOWEST_BYTES_PER_MILLI_IN_NEED = 1 << 10;

  private final Timeouts timeouts;
  private final long openedNanos;
  private boolean greeted;
  private long lastActivityNanos;
  private boolean withinFrame;
  private long frameBegunNanos;
  private boolean full;
  private long fullSinceNanos;
  private long takenBefore;
  private long takenSinceFull;

  /** What the peer is cut for. */
  record TooSlow(End end, String why) {}

  ServerDeadlines(Timeouts timeouts, long nowNanos) {
    this.timeouts = timeouts;
    openedNanos = nowNanos;
    lastActivityNanos = nowNanos;
  }

  void greeted() {
    greeted = true;
  }

  /** Bytes came in, or an answer went out. */
  void active(long nowNanos) {
    lastActivityNanos = nowNanos;
  }

  /** The bytes taken in so far end within a frame that is not the one told of last. */
  void frameBegun(long nowNanos) {
    withinFrame = true;
    frameBegunNanos = nowNanos;
  }

  /** The bytes taken in so far end with a frame, or we have stopped reading ourselves. */
  void noFrame() {
    withinFrame = false;
  }

  boolean isWithinFrame() {
    return withinFrame;
  }

  /**
   * @param frameBytes arrived of the frame that has begun
   * @param othersWait for the memory of that frame
   * @return null, or in which way the peer is too slow to be served
   */
  @Nullable TooSlow expired(long nowNanos, long frameBytes, boolean othersWait) {
    if (!greeted && isPast(openedNanos, timeouts.helloMillis(), nowNanos)) {
      return new TooSlow(End.NO_HELLO, "no Hello within " + timeouts.helloMillis() + " ms");
    }
    long pace = othersWait ? SLOWEST_BYTES_PER_MILLI_IN_NEED : SLOWEST_BYTES_PER_MILLI;
    long receiveMillis = timeouts.receiveMillis() + frameBytes / pace;
    if (withinFrame && isPast(frameBegunNanos, receiveMillis, nowNanos)) {
      return new TooSlow(
          End.SLOW_SENDER,
          "a request came too slowly: " + frameBytes + " bytes in " + receiveMillis + " ms");
    }
    long sendMillis = timeouts.sendMillis() + takenSinceFull / SLOWEST_BYTES_PER_MILLI;
    if (full && isPast(fullSinceNanos, sendMillis, nowNanos)) {
      return new TooSlow(
          End.SLOW_READER,
          "answers were taken too slowly: "
              + takenSinceFull
              + " bytes in "
              + sendMillis
              + " ms, and more than "
              + Link.HIGH_MARK_BYTES
              + " still wait");
    }
    return null;
  }

  /**
   * Told at each sweep how the answers go out.
   *
   * @param isFull more waits to be sent than the link's mark allows
   * @param takenBytes by the network since the connection opened
   */
  void sending(boolean isFull, long takenBytes, long nowNanos) {
    if (!isFull) {
      full = false;
    } else if (!full) {
      full = true;
      fullSinceNanos = nowNanos;
      takenBefore = takenBytes;
      takenSinceFull = 0;
    } else {
      takenSinceFull = takenBytes - takenBefore;
    }
  }

  /** Whether nothing has come or gone for so long that the connection is only a burden. */
  boolean isIdle(long nowNanos) {
    return isPast(lastActivityNanos, timeouts.idleMillis(), nowNanos);
  }

  private static boolean isPast(long sinceNanos, long millis, long nowNanos) {
    return nowNanos - sinceNanos > MILLISECONDS.toNanos(millis);
  }
}
