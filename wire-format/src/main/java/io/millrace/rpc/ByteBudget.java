package io.millrace.rpc;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * How much memory the requests of all connections of a server may take together (S32). From any
 * loop.
 *
 * <p>One half is for requests in flight. Past it no connection takes another one; as handlers end,
 * there is room again. The other half is for large requests that are still coming in. Past it their
 * connections are not read; as nothing ends by itself there, one of them at a time goes on beyond
 * the limit, so that what has come in so far cannot block the rest for ever. Small requests come in
 * whatever large ones do.
 *
 * <p>So the two halves may be exceeded by one request for each loop, and by one more.
 */
final class ByteBudget {
  private final long maxInFlight;
  private final long maxArriving;
  private final AtomicLong inFlight = new AtomicLong();
  private final AtomicLong arriving = new AtomicLong();
  private final AtomicReference<@Nullable Object> beyond = new AtomicReference<>();
  private final Runnable whenRoom;

  /**
   * @param whenRoom called on the loop that made room where there was none: whoever waits is to try
   *     again
   */
  ByteBudget(long total, Runnable whenRoom) {
    maxInFlight = total / 2;
    maxArriving = total / 2;
    this.whenRoom = whenRoom;
  }

  // ---- In flight -------------------------------------------------------------------------------

  boolean hasRoom() {
    return inFlight.get() < maxInFlight;
  }

  void add(long bytes) {
    inFlight.addAndGet(bytes);
  }

  void remove(long bytes) {
    long left = inFlight.addAndGet(-bytes);
    if (left < maxInFlight && left + bytes >= maxInFlight) {
      whenRoom.run();
    }
  }

  // ---- Coming in -------------------------------------------------------------------------------

  /**
   * Takes room for so many bytes more.
   *
   * @param who one of {@link #letBeyond}, or anybody
   */
  boolean take(long bytes, Object who) {
    long taken = arriving.addAndGet(bytes);
    if (taken <= maxArriving || beyond.get() == who) {
      return true;
    }
    arriving.addAndGet(-bytes);
    return false;
  }

  /** What has been taken; who went beyond the limit does not any more. */
  void giveBack(long bytes, Object who) {
    arriving.addAndGet(-bytes);
    boolean wasBeyond = beyond.compareAndSet(who, null);
    if (bytes > 0 || wasBeyond) {
      whenRoom.run();
    }
  }

  /** One that waits goes on, whatever has been taken; false while another one does. */
  boolean letBeyond(Object who) {
    return beyond.compareAndSet(null, who);
  }

  /** Whether some of the large requests that are coming in have to wait for others. */
  boolean isShort() {
    return beyond.get() != null;
  }

  long arriving() {
    return arriving.get();
  }
}
