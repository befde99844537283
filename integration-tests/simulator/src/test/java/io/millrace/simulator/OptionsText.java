package io.millrace.simulator;

import io.millrace.client.Durability;
import io.millrace.simulator.Options.NetworkOptions;
import io.millrace.simulator.Options.WriterOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Options in words, for schedules that are kept: what is not said is as usual. Kinds of faults are
 * not among them, because a kept schedule draws none.
 */
final class OptionsText {
  private static final long MILLI = 1_000_000;

  private final Map<String, String> words = new LinkedHashMap<>();

  private OptionsText() {
    words.put("seed", "1");
    words.put("brokers", "3");
    words.put("replicas", "3");
    words.put("partitions", "1");
    words.put("minimum", "2");
    words.put("level", "standard");
    words.put("writers", "standard/500/3000/numbered");
    words.put("readers", "1");
    words.put("session", "500");
    words.put("flush", "200");
    words.put("safety", "1200");
    words.put("delay", "300000");
    words.put("piece", "65536");
    words.put("resets", "0.0");
    words.put("unknown", "0");
    words.put("sick", Integer.toString(Options.NOBODY));
    words.put("scrub", Integer.toString(Options.USUAL_SCRUB_MILLIS));
    words.put("workload", Workload.Kind.NONE.name());
  }

  static Options read(String text) {
    OptionsText read = new OptionsText();
    for (String word : text.strip().split("\\s+", -1)) {
      int equals = word.indexOf('=');
      if (equals < 0
          || read.words.put(word.substring(0, equals), word.substring(equals + 1)) == null) {
        throw new IllegalArgumentException(
            "no such option: " + word + "; there are " + read.words.keySet());
      }
    }
    return read.options();
  }

  private Options options() {
    return new Options(
        Long.parseLong(word("seed")),
        0,
        number("brokers"),
        number("replicas"),
        number("partitions"),
        number("minimum"),
        level(word("level")),
        Arrays.stream(word("writers").split(",", -1)).map(OptionsText::writer).toList(),
        number("readers"),
        number("session"),
        number("flush"),
        number("safety") * MILLI,
        0,
        Map.of(),
        new NetworkOptions(number("delay"), number("piece"), Double.parseDouble(word("resets"))),
        number("unknown"),
        number("sick"),
        number("scrub"),
        Workload.Kind.valueOf(word("workload")));
  }

  private String word(String name) {
    return words.getOrDefault(name, "");
  }

  private int number(String name) {
    return Integer.parseInt(word(name));
  }

  private static Durability level(String label) {
    return Durability.valueOf(label.toUpperCase(Locale.ROOT));
  }

  /** Level, time-outs of a request and of a delivery, and what else there is to say. */
  private static WriterOptions writer(String text) {
    List<String> parts = List.of(text.split("/", -1));
    return new WriterOptions(
        level(parts.get(0)),
        Integer.parseInt(parts.get(1)),
        Integer.parseInt(parts.get(2)),
        parts.contains("zookeeper"),
        parts.contains("numbered"));
  }

  /** What {@link #read} makes the same options of, but for the kinds of faults. */
  static String write(Options options) {
    List<String> writers = new ArrayList<>();
    for (WriterOptions writer : options.writers()) {
      writers.add(
          writer.level().label()
              + "/"
              + writer.requestTimeoutMillis()
              + "/"
              + writer.deliveryTimeoutMillis()
              + (writer.throughZooKeeper() ? "/zookeeper" : "")
              + (writer.idempotent() ? "/numbered" : ""));
    }
    NetworkOptions network = options.network();
    return String.join(
        " ",
        "seed=" + options.seed(),
        "brokers=" + options.brokers(),
        "replicas=" + options.replicas(),
        "partitions=" + options.partitions(),
        "minimum=" + options.minInSync(),
        "level=" + options.durability().label(),
        "writers=" + String.join(",", writers),
        "readers=" + options.readers(),
        "session=" + options.sessionMillis(),
        "flush=" + options.flushIntervalMillis(),
        "safety=" + options.safetyNanos() / MILLI,
        "delay=" + network.maxDelayNanos(),
        "piece=" + network.maxPieceSize(),
        "resets=" + network.resetProbability(),
        "unknown=" + options.unknownWritesPerThousand(),
        "sick=" + options.sick(),
        "scrub=" + options.scrubIntervalMillis(),
        "workload=" + options.workload());
  }
}
