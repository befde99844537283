package io.millrace.rpc;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * At most one line a second for each address, so that a peer gone wrong cannot flood the log. From
 * any loop.
 */
final class PeerLog {
  private static final long ONE_LINE_NANOS = 1_000_000_000;

  /** Addresses remembered; when more misbehave at once, all may log again. */
  private static final int MAX_ADDRESSES = 10_000;

  private static final int LONGEST_LINE = 400;

  private final Logger log;
  private final Clock clock;
  private final ConcurrentHashMap<String, Line> lastLines = new ConcurrentHashMap<>();

  /**
   * @param said when the last line was written
   * @param unsaid lines left out since
   * @param unsaidBefore lines left out before the last one
   */
  private record Line(long said, int unsaid, int unsaidBefore) {
    String more() {
      return unsaidBefore == 0
          ? ""
          : " (" + unsaidBefore + " more lines about this address left out)";
    }
  }

  PeerLog(Logger log, Clock clock) {
    this.log = log;
    this.clock = clock;
  }

  /**
   * @param what may quote what the peer sent: only printable characters of it reach the log
   */
  void warn(Endpoint peer, String what) {
    Line line = turn(peer);
    if (line != null) {
      log.warn("{}: {}{}", peer, printable(what), line.more());
    }
  }

  /** A fault of our own that a peer can bring about again and again. */
  void error(Endpoint peer, String what, Throwable cause) {
    Line line = turn(peer);
    if (line != null) {
      log.error("{}: {}{}", peer, printable(what), line.more(), cause);
    }
  }

  /** Null when nothing is to be written now. */
  private @Nullable Line turn(Endpoint peer) {
    long now = clock.nanoTime();
    if (lastLines.size() >= MAX_ADDRESSES) {
      lastLines.clear();
    }
    Line line = lastLines.compute(peer.host(), (host, last) -> next(last, now));
    return line.unsaid > 0 ? null : line;
  }

  private static Line next(@Nullable Line last, long now) {
    if (last == null) {
      return new Line(now, 0, 0);
    }
    if (now - last.said < ONE_LINE_NANOS) {
      return new Line(last.said, last.unsaid + 1, last.unsaidBefore);
    }
    return new Line(now, 0, last.unsaid);
  }

  private static String printable(String text) {
    StringBuilder printable = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), LONGEST_LINE); i++) {
      char c = text.charAt(i);
      printable.append(c >= ' ' && c < 127 ? c : '?');
    }
    return printable.toString();
  }
}
