package io.millrace.simulator;

/**
 * One thing that is done to the cluster, or asked of a client, at an instant of the safety phase. A
 * schedule is a list of these, so that one which fails can be cut down.
 *
 * @param atNanos since the phase began
 * @param who number of the machine, writer or reader
 * @param other second number, where the kind has one
 */
record Act(long atNanos, Kind kind, int who, int other) implements Comparable<Act> {
  /** What is done. Numbers F.. are the faults of the reliability document. */
  enum Kind {
    SEND("writer", "partition"),
    POLL("reader", ""),
    /** The writer's process ends, another takes its place. */
    KILL_WRITER("writer", ""),
    KILL_READER("reader", ""),

    /** F01, F05. */
    KILL("broker", ""),
    START("broker", ""),
    /** F04. */
    STOP("broker", ""),
    /** F11 to F14: pieces of what was not forced are lost with a probability in per mille. */
    LOSE_POWER("broker", "per mille"),
    /** F07, F08. */
    PAUSE("broker", ""),
    RESUME("broker", ""),
    /**
     * F23 to F29: one way; bytes are held back, as TCP does. A number past the brokers: a client.
     */
    CUT("from", "to"),
    HEAL("one", "other"),
    RESET("one", "other"),

    /** F24: no server of ZooKeeper answers that broker. */
    ISOLATE("broker", ""),
    REJOIN("broker", ""),
    DISCONNECT("broker", ""),
    EXPIRE("broker", ""),
    /** F28: its server shows what was. */
    LAG("broker", ""),
    CATCH_UP("broker", ""),
    /** The broker's next write to ZooKeeper is lost, or its answer, or it comes late. */
    LOSE_WRITE("broker", ""),
    LOSE_ANSWER("broker", ""),
    DELAY_WRITE("broker", ""),
    /** F30. */
    STOP_ZOOKEEPER("", ""),
    START_ZOOKEEPER("", ""),

    /** F15: the next force of some log file fails. */
    FAIL_FORCE("broker", ""),
    /** F16. */
    FILL_DISK("broker", ""),
    FREE_DISK("broker", ""),
    /** F19: forces take so many milliseconds. */
    SLOW_DISK("broker", "ms"),
    /** F35: the wall clock jumps by so many seconds. */
    SHIFT_CLOCK("broker", "s"),

    /** F17: a bit of a log on that machine, where the number says. */
    FLIP_BIT("broker", "number"),
    /** F21: the machine goes dark, and comes back with an empty disk. */
    EMPTY_DISK("broker", ""),
    /** F22: what the disk holds now may come back later. */
    TAKE_IMAGE("broker", ""),
    /** F22: the machine goes dark, and comes back with the disk it had when the image was taken. */
    RETURN_IMAGE("broker", ""),

    /** F34: the connections there are deliver nothing one way, new ones do. */
    HOLD_BACK("from", "to"),

    DRAIN("broker", ""),
    END_DRAIN("broker", ""),
    /** F39: an operator wants the preferred leader. */
    ELECT("partition", ""),
    SET_MINIMUM("replicas", ""),
    /** F38, the half of it that there is: partitions get so many replicas, those on others new. */
    ADD_REPLICAS("replicas", ""),
    /**
     * F37: the topic is deleted, and another one made of the same name; before anything is sent.
     */
    RECREATE_TOPIC("", ""),
    /** B76: somebody takes the topic's nodes out of ZooKeeper, and puts them back. */
    HIDE_TOPIC("", ""),
    SHOW_TOPIC("", ""),

    // Of a group's members; see GroupWorkload.
    ADD_MEMBERS("members", ""),
    /** Another takes its place, unless a number is given. */
    KILL_MEMBER("member", "not replaced"),
    STOP_MEMBER("member", "not replaced"),
    PAUSE_MEMBER("member", ""),
    RESUME_MEMBER("member", ""),
    CUT_MEMBER("member", "broker"),
    HEAL_MEMBER("member", "broker"),
    /** It does not poll for so long. */
    STALL_MEMBER("member", "ms"),
    /** When so much more has happened to the group. */
    KILL_COORDINATOR("after", ""),

    // Of a topic that keeps the latest of each key; see KeyedWorkload.
    WRITE_KEY("writer", "key"),
    DELETE_KEY("writer", "key"),
    /** By a reader that goes on over all rounds, and is often behind. */
    READ_KEYS("", ""),
    /** An operator wants it compacted now. */
    COMPACT("", ""),
    /** Another takes its place, with keys of its own. */
    KILL_KEYED_WRITER("writer", "");

    private final String who;
    private final String other;

    Kind(String who, String other) {
      this.who = who;
      this.other = other;
    }

    boolean isWork() {
      return this == SEND || this == POLL;
    }

    /** What is done to what a run has beside its topic. */
    boolean isOfWorkload() {
      return compareTo(ADD_MEMBERS) >= 0;
    }
  }

  @Override
  public int compareTo(Act that) {
    return Long.compare(atNanos, that.atNanos);
  }

  /** A line of a printed schedule. */
  @Override
  public String toString() {
    String line =
        "%13.6f ms  %s"
            .formatted(
                atNanos / 1e6, kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
    if (!kind.who.isEmpty()) {
      line += "  " + kind.who + " " + who;
    }
    return kind.other.isEmpty() ? line : line + ", " + kind.other + " " + other;
  }
}
