package io.millrace.checker;

import io.millrace.checker.history.Event;
import io.millrace.checker.history.History;
import io.millrace.checker.history.HistoryText;
import java.util.ArrayList;
import java.util.List;

/**
 * Short histories by hand. A line is one call from beginning to end: {@code process phase call
 * steps}; calls follow each other. {@code 3 never send …} begins and does not end; {@code 3 crash}
 * ends process 3.
 */
final class Story {
  private Story() {}

  static History of(String text) {
    List<String> lines = new ArrayList<>();
    long time = 0;
    for (String line : text.strip().lines().toList()) {
      String[] words = line.strip().split(" ", 4);
      String process = words[0];
      String steps = words.length > 3 ? words[3] : "";
      if (words[1].equals("crash")) {
        lines.add(String.join("\t", "" + time++, process, "info", "crash", ""));
        continue;
      }
      String sent = words[2].equals("send") || words[2].equals("txn") ? withoutResults(steps) : "";
      lines.add(String.join("\t", "" + time++, process, "invoke", words[2], sent));
      if (!words[1].equals("never")) {
        lines.add(String.join("\t", "" + time++, process, words[1], words[2], steps));
      }
    }
    List<Event> events = HistoryText.parse(lines);
    return History.of(events);
  }

  /** What a call knows when it begins: what it will send, not where that will land. */
  private static String withoutResults(String steps) {
    List<String> known = new ArrayList<>();
    for (String step : steps.split(" ", -1)) {
      if (step.startsWith("send:")) {
        known.add(step.replaceAll("@.*", ""));
      }
    }
    return String.join(" ", known);
  }
}
