package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a {@link LedgerWriter} wrote, read back; about 16 bytes of memory for each record.
 *
 * <p>A last line without a line feed was being written when its writer died, and does not count.
 */
final class Ledger {
  /** What became of a record. */
  enum Outcome {
    /** Not in the ledger. */
    NONE,
    UNKNOWN,
    FAILED,
    ACKNOWLEDGED
  }

  private final Path path;
  private long run;
  private String topic = "";
  private String topicId = "";

  private int count;
  private Outcome[] outcomes = new Outcome[1024];
  private int[] partitions = new int[1024];
  private long[] offsets = new long[1024];
  private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);

  // The longest time in which nothing was acknowledged.
  private long lastEventMillis = Long.MIN_VALUE;
  private long lastAckMillis = Long.MIN_VALUE;
  private long longestGapMillis;
  private long gapStartMillis;

  private Ledger(Path path) {
    this.path = path;
  }

  /**
   * @throws CommandFailedException it is not a ledger, naming the line
   */
  static Ledger read(Path path) throws IOException {
    Ledger ledger = new Ledger(path);
    boolean endsInLineFeed = endsInLineFeed(path);
    try (BufferedReader lines = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      String line = lines.readLine();
      long number = 1;
      while (line != null) {
        String next = lines.readLine();
        if (next != null || endsInLineFeed) {
          ledger.take(number, line);
        }
        line = next;
        number++;
      }
    }
    if (ledger.topic.isEmpty()) {
      throw ledger.damaged(1, "it is empty");
    }
    ledger.closeGap(ledger.lastEventMillis);
    return ledger;
  }

  private static boolean endsInLineFeed(Path path) throws IOException {
    try (var file = Files.newByteChannel(path)) {
      if (file.size() == 0) {
        return false;
      }
      java.nio.ByteBuffer last = java.nio.ByteBuffer.allocate(1);
      var unused = file.position(file.size() - 1).read(last);
      return last.get(0) == '\n';
    }
  }

  private void take(long lineNumber, String line) {
    String[] words = line.split(" ", lineNumber == 1 ? 5 : 6);
    try {
      if (lineNumber == 1) {
        begin(words);
        return;
      }
      int number = Integer.parseInt(words[1]);
      long millis = Long.parseLong(words[2]);
      switch (words[0]) {
        case "S" -> sending(number, millis);
        case "A" -> {
          partitions[known(number)] = Integer.parseInt(words[3]);
          offsets[number] = Long.parseLong(words[4]);
          ended(number, Outcome.ACKNOWLEDGED);
          closeGap(millis);
          lastAckMillis = millis;
        }
        case "F" -> ended(known(number), Outcome.FAILED);
        case "U" -> ended(known(number), Outcome.UNKNOWN);
        default -> throw new IllegalArgumentException("there is no line that begins so");
      }
      lastEventMillis = Math.max(lastEventMillis, millis);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw damaged(lineNumber, String.valueOf(e.getMessage()));
    }
  }

  private void begin(String[] words) {
    if (!words[0].equals(LedgerWriter.FIRST_WORD) || !words[1].equals("1")) {
      throw new IllegalArgumentException(
          "it does not begin with " + LedgerWriter.FIRST_WORD + " 1");
    }
    run = Long.parseUnsignedLong(words[2], 16);
    topic = words[3];
    topicId = words[4];
  }

  private void sending(int number, long millis) {
    if (number != count) {
      throw new IllegalArgumentException("record " + number + " is sent after " + (count - 1));
    }
    if (count == outcomes.length) {
      int larger = count + (count >> 1);
      outcomes = Arrays.copyOf(outcomes, larger);
      partitions = Arrays.copyOf(partitions, larger);
      offsets = Arrays.copyOf(offsets, larger);
    }
    outcomes[count++] = Outcome.UNKNOWN;
    counts.merge(Outcome.UNKNOWN, 1, Integer::sum);
    if (lastAckMillis == Long.MIN_VALUE) {
      lastAckMillis = millis; // the first gap begins with the first record
    }
  }

  private int known(int number) {
    if (number < 0 || number >= count) {
      throw new IllegalArgumentException("record " + number + " ends but was not sent");
    }
    return number;
  }

  private void ended(int number, Outcome outcome) {
    counts.merge(outcomes[number], -1, Integer::sum);
    outcomes[number] = outcome;
    counts.merge(outcome, 1, Integer::sum);
  }

  private void closeGap(long millis) {
    if (lastAckMillis != Long.MIN_VALUE && millis - lastAckMillis > longestGapMillis) {
      longestGapMillis = millis - lastAckMillis;
      gapStartMillis = lastAckMillis;
    }
  }

  private CommandFailedException damaged(long lineNumber, String why) {
    return new CommandFailedException(
        ExitCode.FAILED, path + " is not a whole ledger: line " + lineNumber + ": " + why);
  }

  long run() {
    return run;
  }

  String topic() {
    return topic;
  }

  String topicId() {
    return topicId;
  }

  /** Records that were sent: numbers 0 to this. */
  int count() {
    return count;
  }

  int count(Outcome outcome) {
    return counts.getOrDefault(outcome, 0);
  }

  /** {@link Outcome#NONE} for a number that was not sent. */
  Outcome outcome(long number) {
    return number < 0 || number >= count ? Outcome.NONE : outcomes[(int) number];
  }

  /** Where an acknowledged record is. */
  int partition(int number) {
    return partitions[number];
  }

  /** Where an acknowledged record is. */
  long offset(int number) {
    return offsets[number];
  }

  /** The longest time without an acknowledgement, from the first send to the last event. */
  long longestGapMillis() {
    return longestGapMillis;
  }

  /** When it began, milliseconds since 1970. */
  long gapStartMillis() {
    return gapStartMillis;
  }
}
