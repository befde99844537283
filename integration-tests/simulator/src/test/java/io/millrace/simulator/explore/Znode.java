package io.millrace.simulator.explore;

/**
 * The partition's node. Brokers are counted from 0 here, sets are bit masks.
 *
 * @param leader -1 when nobody leads
 * @param vouched for by the sole member: 0, or last epoch and log end, plus one
 * @param rollCall ten bits for each broker: 0, or its last epoch, whether all is lost, whether it
 *     has lost what it had forced, and its log end, plus one
 * @param mayHaveLost the present epoch began with an election that may have lost records, and says
 *     so
 */
record Znode(
    int version,
    int leader,
    int leaderIncarnation,
    int epoch,
    int inSync,
    int eligible,
    boolean soleFlushed,
    int vouched,
    int rollCall,
    boolean mayHaveLost) {
  static final int NOBODY = -1;
  private static final int ROLL_BITS = 10;

  private static final int END_BITS = 3;
  private static final int LOST_FLUSHED = 8;
  private static final int LOST = 16;

  static int rollEntry(
      int broker, int lastEpoch, int logEnd, boolean isLost, boolean hasLostFlushed) {
    int flags = (isLost ? LOST : 0) | (hasLostFlushed ? LOST_FLUSHED : 0);
    return ((lastEpoch << 5 | flags | logEnd) + 1) << (broker * ROLL_BITS);
  }

  /** Of what stands on the roll call of another node. */
  int rollEntryAlone(int broker) {
    return rollEntryOf(broker) << (broker * ROLL_BITS);
  }

  static int vouched(int lastEpoch, int logEnd) {
    return (lastEpoch << END_BITS | logEnd) + 1;
  }

  boolean hasVouched() {
    return vouched != 0;
  }

  int vouchedEpoch() {
    return (vouched - 1) >> END_BITS;
  }

  int vouchedEnd() {
    return vouched - 1 & ((1 << END_BITS) - 1);
  }

  boolean isOnRollCall(int broker) {
    return rollEntryOf(broker) != 0;
  }

  private int rollEntryOf(int broker) {
    return rollCall >> (broker * ROLL_BITS) & ((1 << ROLL_BITS) - 1);
  }

  int lastEpochOnRollCall(int broker) {
    return (rollEntryOf(broker) - 1) >> 5;
  }

  int logEndOnRollCall(int broker) {
    return rollEntryOf(broker) - 1 & ((1 << END_BITS) - 1);
  }

  boolean isLostOnRollCall(int broker) {
    return (rollEntryOf(broker) - 1 & LOST) != 0;
  }

  boolean hasLostFlushedOnRollCall(int broker) {
    return (rollEntryOf(broker) - 1 & LOST_FLUSHED) != 0;
  }

  boolean isMember(int broker) {
    return has(inSync | eligible, broker);
  }

  static boolean has(int set, int broker) {
    return (set >> broker & 1) != 0;
  }

  static int size(int set) {
    return Integer.bitCount(set);
  }

  /** With other names for the brokers. */
  Znode renamed(int[] to) {
    int roll = 0;
    for (int i = 0; i < to.length; i++) {
      roll |= rollEntryOf(i) << (to[i] * ROLL_BITS);
    }
    return new Znode(
        version,
        leader == NOBODY ? NOBODY : to[leader],
        leaderIncarnation,
        epoch,
        renamed(inSync, to),
        renamed(eligible, to),
        soleFlushed,
        vouched,
        roll,
        mayHaveLost);
  }

  Znode withVersion(int now) {
    return new Znode(
        now,
        leader,
        leaderIncarnation,
        epoch,
        inSync,
        eligible,
        soleFlushed,
        vouched,
        rollCall,
        mayHaveLost);
  }

  /** The sole member has said how far its log is on its disk. */
  Znode vouching(int lastEpoch, int logEnd) {
    return new Znode(
        version,
        leader,
        leaderIncarnation,
        epoch,
        inSync,
        eligible,
        soleFlushed,
        vouched(lastEpoch, logEnd),
        rollCall,
        mayHaveLost);
  }

  static int renamed(int set, int[] to) {
    int result = 0;
    for (int i = 0; i < to.length; i++) {
      result |= (set >> i & 1) << to[i];
    }
    return result;
  }

  @Override
  public String toString() {
    return "v"
        + version
        + " epoch "
        + epoch
        + (leader == NOBODY ? " nobody leads" : " led by " + (leader + 1) + "." + leaderIncarnation)
        + " in sync "
        + names(inSync)
        + (eligible == 0 ? "" : " eligible " + names(eligible))
        + (soleFlushed ? " sole-flushed" : "")
        + (hasVouched() ? " up to e" + vouchedEpoch() + '@' + vouchedEnd() : "")
        + (rollCall == 0 ? "" : " roll call " + rollNames())
        + (mayHaveLost ? " MAY HAVE LOST" : "");
  }

  private String rollNames() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (isOnRollCall(i)) {
        text.append(i + 1)
            .append(":e")
            .append(lastEpochOnRollCall(i))
            .append('@')
            .append(logEndOnRollCall(i))
            .append(isLostOnRollCall(i) ? "(lost)" : "")
            .append(hasLostFlushedOnRollCall(i) ? "(lost what was forced)" : "")
            .append(' ');
      }
    }
    return text.toString().trim();
  }

  static String names(int set) {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (has(set, i)) {
        text.append(text.length() > 1 ? "," : "").append(i + 1);
      }
    }
    return text.append('}').toString();
  }
}
