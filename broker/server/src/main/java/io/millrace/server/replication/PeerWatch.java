package io.millrace.server.replication;

/**
 * Whether a broker that is asked again and again still answers. Pure: told what happens and when,
 * and asked at every {@link #onTick}.
 *
 * <p>A broker is suspected when its connection was lost and it refuses another one, or when it has
 * been silent for longer than {@link SilenceLimit} allows. Only time in which this side was awake
 * counts: a loop that was held up for seconds finds the answers of those seconds in its sockets,
 * and must read them before it accuses anybody.
 */
final class PeerWatch {
  /** What changed. */
  enum Verdict {
    NOTHING,
    SUSPECTED,
    CLEARED
  }

  private final SilenceLimit limit;
  private final long tickNanos;

  /** Not awaiting an answer: silence proves nothing. */
  private boolean awaiting;

  private long askedNanos;
  private long lastTickNanos;
  private long silentNanos;
  private boolean suspected;
  private boolean starting;
  private String why = "";

  /**
   * @param tickNanos how often {@link #onTick} is meant to be called
   */
  PeerWatch(SilenceLimit limit, long tickNanos, long nowNanos) {
    this.limit = limit;
    this.tickNanos = tickNanos;
    this.lastTickNanos = nowNanos;
  }

  /** Something was sent, or a connection begun, that it should answer; no news while it has not. */
  void onAsked(long nowNanos) {
    if (!awaiting) {
      awaiting = true;
      askedNanos = nowNanos;
      silentNanos = 0;
    }
  }

  /** It answered, whatever it said. */
  Verdict onHeard(long nowNanos) {
    if (awaiting) {
      limit.onAnswer(nowNanos - askedNanos, nowNanos);
    }
    awaiting = false;
    silentNanos = 0;
    if (!suspected) {
      return Verdict.NOTHING;
    }
    suspected = false;
    why = "";
    return Verdict.CLEARED;
  }

  /**
   * No connection can be opened to it.
   *
   * @param how as a clause
   */
  Verdict onRefused(String how) {
    return suspect(how);
  }

  Verdict onTick(long nowNanos) {
    long sinceTick = nowNanos - lastTickNanos;
    lastTickNanos = nowNanos;
    if (!awaiting) {
      return Verdict.NOTHING;
    }
    // Of a tick that came late only what a punctual one would have been is the other side's.
    silentNanos += Math.min(Math.min(sinceTick, 2 * tickNanos), nowNanos - askedNanos);
    if (silentNanos < limitNanos()) {
      return Verdict.NOTHING;
    }
    return suspect("no answer for " + silentNanos / 1_000_000 + " ms");
  }

  private Verdict suspect(String how) {
    if (suspected) {
      return Verdict.NOTHING;
    }
    suspected = true;
    why = how;
    return Verdict.SUSPECTED;
  }

  boolean isSuspected() {
    return suspected;
  }

  /** Empty when it is not suspected. */
  String why() {
    return why;
  }

  /**
   * Whether its last answer was that it serves nobody yet. It leads nothing then, so nobody waits
   * for it to be deposed; but it follows what it finds, and while it opens thousands of logs with
   * cold code its answers may stop for a second. Each wrong suspicion then takes it out of every
   * set that it has just joined, and lets it join again. That its process is gone a connection
   * tells at once.
   */
  void setStarting(boolean starting) {
    this.starting = starting;
  }

  long limitNanos() {
    return starting ? limit.mostNanos() : limit.nanos();
  }
}
