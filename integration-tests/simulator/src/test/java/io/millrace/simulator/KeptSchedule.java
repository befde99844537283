package io.millrace.simulator;

import io.millrace.rpc.SafetyRule;
import io.millrace.simulator.Act.Kind;
import io.millrace.simulator.Violation.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A whole run in text, so that it stays what it was when the sampling changes.
 *
 * <pre>
 * # any number of lines that tell the story
 * without R22
 * breaks I11_MEMBERS_HOLD_ALL
 * seeds 5
 * options brokers=3 replicas=3 minimum=2
 *     250.000000 ms  kill  broker 0
 *  0..500/10 ms  send  writer 0, partition 0
 * </pre>
 *
 * <p>{@code without}, {@code breaks}: the rule that, left out, breaks one of those promises. {@code
 * seeds}: how many are tried for what a schedule does not say, such as delays, from that of the
 * options on. A line of times stands for one act at each of them. Options behind an act begin
 * another round of the same cluster.
 *
 * @param name of the file, without its ending
 */
record KeptSchedule(
    String name, Optional<SafetyRule> without, Set<Rule> breaks, int seeds, List<Round> rounds) {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final Pattern LINE =
      Pattern.compile(
          "\\s*([0-9./]+) ms {2}([a-z ]+?)(?: {2}[a-z]+ (-?[0-9]+))?(?:, [a-z ]+ (-?[0-9]+))?");

  /** Of {@code src/test/resources/schedules}. */
  static KeptSchedule load(String name) {
    String file = "/schedules/" + name + ".txt";
    try (InputStream in = KeptSchedule.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no " + file);
      }
      return read(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  static KeptSchedule read(String name, String text) {
    StringBuilder options = new StringBuilder();
    List<Act> acts = new ArrayList<>();
    List<Round> rounds = new ArrayList<>();
    Set<Rule> breaks = EnumSet.noneOf(Rule.class);
    SafetyRule without = null;
    int seeds = 1;
    for (String line : text.split("\\R", -1)) {
      String rest = line.substring(line.indexOf(' ') + 1);
      if (line.startsWith("options ")) {
        if (!acts.isEmpty()) {
          rounds.add(round(options, acts));
          options.setLength(0);
          acts.clear();
        }
        options.append(rest).append(' ');
      } else if (line.startsWith("without ")) {
        without = SafetyRule.valueOf(rest.strip());
      } else if (line.startsWith("breaks ")) {
        breaks.add(Rule.valueOf(rest.strip()));
      } else if (line.startsWith("seeds ")) {
        seeds = Integer.parseInt(rest.strip());
      } else if (!line.isBlank() && !line.startsWith("#")) {
        acts.addAll(acts(name, line));
      }
    }
    rounds.add(round(options, acts));
    return new KeptSchedule(name, Optional.ofNullable(without), breaks, seeds, List.copyOf(rounds));
  }

  private static Round round(StringBuilder options, List<Act> acts) {
    return new Round(OptionsText.read(options.toString()), acts.stream().sorted().toList());
  }

  private static List<Act> acts(String name, String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(name + ": not an act: " + line);
    }
    Kind kind = Kind.valueOf(matcher.group(2).toUpperCase(Locale.ROOT).replace(' ', '_'));
    List<Act> acts = new ArrayList<>();
    for (long at : times(matcher.group(1))) {
      acts.add(new Act(at, kind, number(matcher.group(3)), number(matcher.group(4))));
    }
    return acts;
  }

  /** One time, or "from..to/step", in milliseconds. */
  private static List<Long> times(String text) {
    int dots = text.indexOf("..");
    if (dots < 0) {
      return List.of(nanos(text));
    }
    int slash = text.indexOf('/');
    List<Long> times = new ArrayList<>();
    long end = nanos(text.substring(dots + 2, slash));
    long step = nanos(text.substring(slash + 1));
    for (long at = nanos(text.substring(0, dots)); at <= end; at += step) {
      times.add(at);
    }
    return times;
  }

  private static long nanos(String millis) {
    return Math.round(Double.parseDouble(millis) * NANOS_PER_MILLI);
  }

  private static int number(@Nullable String text) {
    return text == null ? 0 : Integer.parseInt(text);
  }

  /** One run for each of its seeds, until one breaks a promise. */
  Optional<Violation> firstViolation() {
    for (int i = 0; i < seeds; i++) {
      int number = i;
      Optional<Violation> violation =
          Run.of(rounds.stream().map(round -> round.ofLaterSeed(number)).toList()).violation();
      if (violation.isPresent()) {
        return violation;
      }
    }
    return Optional.empty();
  }

  /** What {@link #read} makes the same run of. */
  static String text(Options options, List<Act> acts) {
    StringBuilder text = new StringBuilder("options ").append(OptionsText.write(options));
    acts.forEach(act -> text.append('\n').append(act));
    return text.append('\n').toString();
  }

  @Override
  public String toString() {
    return name;
  }
}
