package io.millrace.storage.log;

/** What comes of opening a log. */
public sealed interface LogOpening {
  /** The log is its owner's now. */
  record Opened(PartitionLog log, RecoveryReport recovery) implements LogOpening {}

  /**
   * This log stays closed, as it is; others are not concerned.
   *
   * @param why which file, where, what is wrong
   */
  record Offline(String why, Cause cause) implements LogOpening {
    static Offline damaged(String why) {
      return new Offline(why, Cause.DAMAGED);
    }

    static Offline refused(String why) {
      return new Offline(why, Cause.REFUSED);
    }

    public boolean isDamaged() {
      return cause == Cause.DAMAGED;
    }
  }

  /** What may help a log that could not be opened. */
  enum Cause {
    /** What is there cannot be trusted, and another replica's copy could stand in for it. */
    DAMAGED,
    /** Recovery has to write a little, and found no room: once there is some, it opens. */
    NO_ROOM,
    /** The disk, or the system, gave an error; it may have passed when it is tried again. */
    DISK_ERROR,
    /** A force failed: nothing in the directory can be trusted, and the process must end. */
    DISK_FAILED,
    /** A person has to look. */
    REFUSED;

    /** Whether trying again, with nothing else done, may succeed. */
    public boolean mayPass() {
      return this == NO_ROOM || this == DISK_ERROR;
    }
  }
}
