package io.millrace.simulator.explore;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One broker, as far as the partition goes. Owned by its {@link Cluster}. */
final class Server {
  static final int LONGEST_LOG = 4;
  static final int NEVER = -1;

  enum Up {
    DOWN,
    /** Its page cache may be lost, and it is leaving the sets before it registers. */
    LEAVING,
    LIVE
  }

  enum Role {
    NONE,
    FOLLOWER,
    LEADER
  }

  Up up = Up.LIVE;

  /** Its page cache may be lost, and it has not dealt with that. */
  boolean isDoubtful;

  /** Its recovery has cut what was forced, and it has not said so in the node yet. */
  boolean hasLostFlushed;

  /** Its log was found damaged; nothing of it is used. */
  boolean isOffline;

  /** Then: the epoch that it was used in, in this life; 0 for none. */
  int usedIn;

  int incarnation = 1;
  Role role = Role.NONE;

  /** It acts in; remembered through restarts. */
  int epoch;

  /** Epoch and number of each record: epoch * 16 + number. */
  final int[] log = new int[LONGEST_LOG];

  int end;
  int flushed;
  int highWatermark;

  /** What it has read of the node, null at the beginning. */
  @Nullable Znode view;

  @Nullable Write write;

  /** One that its writer no longer waits for, which may still land. */
  @Nullable Write orphan;

  // As a follower.
  boolean hasAgreed;

  // As a leader.
  int epochStart;
  int standardEnd;
  int syncedEnd;
  boolean isDeposed;
  final int[] positions = new int[Cluster.REPLICAS];
  final int[] forced = new int[Cluster.REPLICAS];
  final int[] lives = new int[Cluster.REPLICAS];

  void forgetRole() {
    role = Role.NONE;
    hasAgreed = false;
    epochStart = 0;
    standardEnd = 0;
    syncedEnd = 0;
    isDeposed = false;
    Arrays.fill(positions, NEVER);
    Arrays.fill(forced, 0);
    Arrays.fill(lives, NEVER);
  }

  int lastEpoch() {
    return end == 0 ? NEVER : log[end - 1] >> 4;
  }

  /** The largest epoch of the log that is not above, {@link #NEVER} for none. */
  int epochUpTo(int bound) {
    int found = NEVER;
    for (int i = 0; i < end && log[i] >> 4 <= bound; i++) {
      found = log[i] >> 4;
    }
    return found;
  }

  /** First offset behind what epochs up to this one have written. */
  int endOf(int bound) {
    int behind = 0;
    while (behind < end && log[behind] >> 4 <= bound) {
      behind++;
    }
    return behind;
  }

  /** Of the first so many records: how far they reach, as a vouched end. */
  int reach(int count) {
    return Znode.vouched(count == 0 ? 0 : log[count - 1] >> 4, count);
  }

  void append(int record) {
    log[end++] = record;
  }

  void cut(int to) {
    if (to < end) {
      Arrays.fill(log, to, LONGEST_LOG, 0);
      end = to;
      flushed = Math.min(flushed, to);
      highWatermark = Math.min(highWatermark, to);
    }
  }

  Server copy() {
    Server copy = new Server();
    copy.up = up;
    copy.isDoubtful = isDoubtful;
    copy.hasLostFlushed = hasLostFlushed;
    copy.isOffline = isOffline;
    copy.usedIn = usedIn;
    copy.incarnation = incarnation;
    copy.role = role;
    copy.epoch = epoch;
    System.arraycopy(log, 0, copy.log, 0, log.length);
    copy.end = end;
    copy.flushed = flushed;
    copy.highWatermark = highWatermark;
    copy.view = view;
    copy.write = write;
    copy.orphan = orphan;
    copy.hasAgreed = hasAgreed;
    copy.epochStart = epochStart;
    copy.standardEnd = standardEnd;
    copy.syncedEnd = syncedEnd;
    copy.isDeposed = isDeposed;
    System.arraycopy(positions, 0, copy.positions, 0, positions.length);
    System.arraycopy(forced, 0, copy.forced, 0, forced.length);
    System.arraycopy(lives, 0, copy.lives, 0, lives.length);
    return copy;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(up == Up.LIVE ? "" : up + " ").append(isDoubtful ? "doubtful " : "");
    text.append(isOffline ? "damaged, used in " + usedIn + " " : "");
    text.append(role).append(" of epoch ").append(epoch).append(", log");
    for (int i = 0; i < end; i++) {
      text.append(i == flushed ? " |" : "");
      text.append(" r").append(log[i] & 15).append("/e").append(log[i] >> 4);
    }
    text.append(" (").append(flushed).append(" forced), high watermark ").append(highWatermark);
    if (role == Role.LEADER) {
      text.append(", positions ").append(Arrays.toString(positions));
    }
    if (write != null) {
      text.append(", writing ").append(write.kind()).append(' ').append(write.fate());
    }
    return text.toString();
  }
}
