package io.millrace.simulator.explore;

/**
 * The partition's node. Brokers are counted from 0 here, sets are bit masks.
 *
 * @param leader -1 when nobody leads
 * @param rollCall ten bits for each broker: 0, or its last epoch, five bits, and log end, plus one
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
    int rollCall,
    boolean mayHaveLost) {
  static final int NOBODY = -1;
  static final int BYTES = 11;

  private static final int ROLL_BITS = 10;

  static int rollEntry(int broker, int lastEpoch, int logEnd) {
    return ((lastEpoch << 5 | logEnd) + 1) << (broker * ROLL_BITS);
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
    return rollEntryOf(broker) - 1 & 31;
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
