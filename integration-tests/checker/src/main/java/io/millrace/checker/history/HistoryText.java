package io.millrace.checker.history;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step.Commit;
import io.millrace.checker.history.Step.Moved;
import io.millrace.checker.history.Step.Read;
import io.millrace.checker.history.Step.Seen;
import io.millrace.checker.history.Step.Send;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Histories as text, a line for each event, fit for appending while one runs:
 *
 * <pre>
 *   line = time TAB process TAB phase TAB call TAB [step {SPACE step}]
 *   phase = invoke | ok | fail | info
 *   call = send | poll | txn | assign | subscribe | commit | join | leave | crash | admin
 *   step = send:KEY:VALUE[@OFFSET]   | read:KEY:VALUE@OFFSET
 *        | seen:KEY:HW,LSO,EPOCH     | moved:KEY          | commit:GROUP:KEY@OFFSET
 * </pre>
 *
 * <p>Time is in nanoseconds. A number in {@code seen} is {@code -} when unknown. Keys, values and
 * groups are made of {@code A-Z a-z 0-9 . _ ~ -}.
 */
public final class HistoryText {
  private static final String NAME = "([A-Za-z0-9._~-]+)";
  private static final String NUMBER = "([0-9]{1,18})";
  private static final String PERHAPS = "([0-9]{1,18}|-)";

  private static final Pattern SEND = step("send:" + NAME + ":" + NAME + "(?:@" + NUMBER + ")?");
  private static final Pattern READ = step("read:" + NAME + ":" + NAME + "@" + NUMBER);
  private static final Pattern SEEN =
      step("seen:" + NAME + ":" + PERHAPS + "," + PERHAPS + "," + PERHAPS);
  private static final Pattern MOVED = step("moved:" + NAME);
  private static final Pattern COMMIT = step("commit:" + NAME + ":" + NAME + "@" + NUMBER);

  private HistoryText() {}

  private static Pattern step(String regex) {
    return Pattern.compile(regex);
  }

  /**
   * @throws BadHistoryException naming the line, from 1
   */
  public static List<Event> parse(List<String> lines) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      try {
        events.add(parse(lines.get(i)));
      } catch (IllegalArgumentException e) {
        throw new BadHistoryException("line " + (i + 1) + ": " + e.getMessage());
      }
    }
    return events;
  }

  private static Event parse(String line) {
    String[] fields = line.split("\t", -1);
    if (fields.length != 5) {
      throw new IllegalArgumentException("has " + fields.length + " fields instead of 5");
    }
    List<Step> steps = new ArrayList<>();
    if (!fields[4].isEmpty()) {
      for (String step : fields[4].split(" ", -1)) {
        steps.add(parseStep(step));
      }
    }
    return new Event(
        Long.parseLong(fields[0]),
        Integer.parseInt(fields[1]),
        Phase.valueOf(fields[2].toUpperCase(Locale.ROOT)),
        Call.valueOf(fields[3].toUpperCase(Locale.ROOT)),
        steps);
  }

  private static Step parseStep(String text) {
    Matcher m = SEND.matcher(text);
    if (m.matches()) {
      return new Send(
          m.group(1), m.group(2), m.group(3) == null ? Step.UNKNOWN : Long.parseLong(m.group(3)));
    }
    m = READ.matcher(text);
    if (m.matches()) {
      return new Read(m.group(1), m.group(2), Long.parseLong(m.group(3)));
    }
    m = SEEN.matcher(text);
    if (m.matches()) {
      return new Seen(m.group(1), perhaps(m.group(2)), perhaps(m.group(3)), perhaps(m.group(4)));
    }
    m = MOVED.matcher(text);
    if (m.matches()) {
      return new Moved(m.group(1));
    }
    m = COMMIT.matcher(text);
    if (m.matches()) {
      return new Commit(m.group(1), m.group(2), Long.parseLong(m.group(3)));
    }
    throw new IllegalArgumentException("no step is written like " + text);
  }

  private static long perhaps(String number) {
    return number.equals("-") ? Step.UNKNOWN : Long.parseLong(number);
  }

  /** A line that {@link #parse} reads, without its end. */
  public static String format(Event event) {
    return String.join(
        "\t",
        Long.toString(event.timeNanos()),
        Integer.toString(event.process()),
        event.phase().name().toLowerCase(Locale.ROOT),
        event.call().name().toLowerCase(Locale.ROOT),
        event.steps().stream().map(HistoryText::format).collect(Collectors.joining(" ")));
  }

  private static String format(Step step) {
    if (step instanceof Send s) {
      return "send:" + s.key() + ":" + s.value() + (s.offset() < 0 ? "" : "@" + s.offset());
    } else if (step instanceof Read r) {
      return "read:" + r.key() + ":" + r.value() + "@" + r.offset();
    } else if (step instanceof Seen s) {
      return "seen:"
          + s.key()
          + ":"
          + perhaps(s.watermark())
          + ","
          + perhaps(s.stable())
          + ","
          + perhaps(s.epoch());
    } else if (step instanceof Commit c) {
      return "commit:" + c.group() + ":" + c.key() + "@" + c.offset();
    }
    return "moved:" + step.key();
  }

  private static String perhaps(long number) {
    return number < 0 ? "-" : Long.toString(number);
  }
}
