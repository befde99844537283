package io.millrace.simulator.explore;

/**
 * A conditional write of the partition's node, from when it is sent until its writer knows.
 *
 * @param isAnswerLost the writer has lost the connection meanwhile
 * @param checked brokers whose incarnations are checked in the same transaction
 * @param lives their incarnations, three bits each
 * @param node what it writes; it expects the version before that one's
 */
record Write(Kind kind, Fate fate, boolean isAnswerLost, int checked, int lives, Znode node) {
  enum Kind {
    ELECTION,
    SETS,
    LEAVE,
    HANDOVER
  }

  enum Fate {
    SENT,
    APPLIED,
    /** The version had moved. */
    CONFLICT,
    /** A broker that was to join had registered anew. */
    REFUSED
  }

  static final int LIFE_BITS = 4;

  Write with(Fate now) {
    return new Write(kind, now, isAnswerLost, checked, lives, node);
  }

  Write withAnswer(boolean isLost) {
    return new Write(kind, fate, isLost, checked, lives, node);
  }

  int lifeOf(int broker) {
    return lives >> (broker * LIFE_BITS) & ((1 << LIFE_BITS) - 1);
  }

  Write renamed(int[] to) {
    int renamedLives = 0;
    for (int i = 0; i < to.length; i++) {
      renamedLives |= lifeOf(i) << (to[i] * LIFE_BITS);
    }
    return new Write(
        kind, fate, isAnswerLost, Znode.renamed(checked, to), renamedLives, node.renamed(to));
  }
}
