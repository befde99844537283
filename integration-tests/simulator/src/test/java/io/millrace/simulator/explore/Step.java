package io.millrace.simulator.explore;

/** What leads from one state to the next; as a number, because millions are kept. */
@SuppressWarnings("EnumOrdinal") // a number within one run, read back by the same program
public record Step(Kind kind, int broker, int detail) {
  /** What it is that happens. */
  public enum Kind {
    APPEND,
    FETCH,
    HOLD_BACK,
    ARRIVE,
    ARRIVE_UNANSWERED,
    FORCE,
    READ,
    ELECT,
    WANT,
    HAND_OVER,
    HAND_OVER_AND_LEAVE,
    PROCESS,
    ANSWER,
    LOSE_ANSWER,
    READ_BACK,
    LAND_LATE,
    CRASH,
    LOSE_POWER,
    LOSE_FORCED,
    DAMAGE,
    REPAIR,
    ASK_ALL,
    START,
    LEAVE_IN_DOUBT,
    REGISTER,
    LEAVE_BY_ITSELF,
    LOWER
  }

  private static final Kind[] KINDS = Kind.values();

  int number() {
    return kind.ordinal() << 8 | broker << 4 | detail;
  }

  static Step of(int number) {
    return new Step(KINDS[number >> 8], number >> 4 & 15, number & 15);
  }

  @Override
  public String toString() {
    int name = broker + 1;
    return switch (kind) {
      case APPEND -> name + " (leader) appends a record";
      case FETCH -> name + " fetches, and has the answer";
      case HOLD_BACK -> name + " fetches, and the network holds it back";
      case ARRIVE -> "the fetch that was held back arrives, and is answered";
      case ARRIVE_UNANSWERED -> "the fetch that was held back arrives, its answer is lost";
      case FORCE -> name + " forces its log";
      case READ -> name + " reads the node";
      case ELECT -> name + " writes an election";
      case WANT ->
          name
              + " (leader), of the others taking "
              + Znode.names(detail)
              + " for live, forces its log if it must and writes the sets it wants";
      case HAND_OVER -> name + " (leader) writes that " + (detail + 1) + " leads";
      case HAND_OVER_AND_LEAVE ->
          name + " (leader), stopping, writes that " + (detail + 1) + " leads, in sync without it";
      case PROCESS -> "the store processes the write of " + name;
      case ANSWER -> name + " hears what became of its write";
      case LOSE_ANSWER -> name + " loses the connection: its write may land or have landed";
      case READ_BACK -> name + " finds out what became of its write";
      case LAND_LATE -> "a write that " + name + " has given up lands";
      case CRASH -> "the process of " + name + " dies";
      case LOSE_POWER -> name + " loses power, " + detail + " of its records are left";
      case LOSE_FORCED ->
          name + " loses power, and of what it had forced " + detail + " records are left";
      case DAMAGE -> "the log of " + name + " is found damaged while it is in use";
      case REPAIR -> name + " does what is next to have its damaged copy made anew";
      case ASK_ALL -> name + " asks all what they have, and names who has the most";
      case START -> name + " starts";
      case LEAVE_IN_DOUBT -> name + ", in doubt, writes itself out of the sets";
      case REGISTER -> name + " registers";
      case LEAVE_BY_ITSELF -> name + ", stopping, writes itself out of the in-sync set";
      case LOWER -> "the minimum is lowered to 1";
    };
  }
}
