package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What happens to a group while it is measured. */
enum GroupEvent {
  /** One more member. */
  JOIN,
  /** A member closes, and says so. */
  LEAVE,
  /** A member is gone without a word: the others get its partitions after the session time-out. */
  LOSE,
  /** The broker that coordinates the group hands over all it leads. */
  DRAIN,
  /** Nothing, for a while; or whatever somebody does from outside. */
  WATCH;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Such as {@code join,leave,lose}. */
  static List<GroupEvent> parse(String words) {
    List<GroupEvent> events = new ArrayList<>();
    for (String word : words.split(",", -1)) {
      events.add(named(word.strip()));
    }
    return events;
  }

  private static GroupEvent named(String word) {
    for (GroupEvent event : values()) {
      if (event.label().equals(word)) {
        return event;
      }
    }
    throw new CommandFailedException(
        ExitCode.WRONG_USAGE,
        "--events takes join, leave, lose, drain and watch with commas between them, not \""
            + word
            + "\"");
  }

  /**
   * Refuses what would leave a group too small or too large to tell anything: each member holds a
   * partition before and after each event, and one stays that nothing happens to.
   */
  static void check(List<GroupEvent> events, int members, int partitions) {
    int now = members;
    for (GroupEvent event : events) {
      now += event == JOIN ? 1 : event == LEAVE || event == LOSE ? -1 : 0;
      if (now < 1 || now > partitions) {
        throw new CommandFailedException(
            ExitCode.WRONG_USAGE,
            "with these events the group comes to %d members of %d partitions; keep it at 1 to %d"
                .formatted(now, partitions, partitions));
      }
    }
    if (members > partitions) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "%d members of %d partitions: some would have nothing".formatted(members, partitions));
    }
  }
}
