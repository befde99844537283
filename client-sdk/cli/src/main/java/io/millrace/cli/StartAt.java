package io.millrace.cli;

import io.millrace.rpc.Clock;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where reading begins: what {@code --from} says. */
sealed interface StartAt {
  String ALLOWED =
      "earliest, latest, an offset (42), a time (2026-11-01T10:00:00Z, 2026-11-01, or @ and"
          + " milliseconds since 1970) or how long ago (90s, 15m, 2h, 7d)";

  record Earliest() implements StartAt {}

  record Latest() implements StartAt {}

  record Offset(long offset) implements StartAt {}

  /** The first record at or after this time. */
  record Time(long epochMillis) implements StartAt {}

  /** Likewise, so long before now. */
  record Ago(long millis) implements StartAt {}

  /**
   * @param zone of a time that names none
   * @throws IllegalArgumentException saying what is allowed
   */
  static StartAt parse(String text, ZoneId zone) {
    if (text.equals("earliest")) {
      return new Earliest();
    }
    if (text.equals("latest")) {
      return new Latest();
    }
    try {
      if (text.matches("[0-9]+")) {
        return new Offset(Long.parseLong(text));
      }
      if (text.matches("@[0-9]+")) {
        return new Time(Long.parseLong(text.substring(1)));
      }
      Matcher ago = Pattern.compile("([0-9]{1,9})([smhd])").matcher(text);
      if (ago.matches()) {
        return new Ago(Long.parseLong(ago.group(1)) * unitMillis(ago.group(2)));
      }
      return new Time(time(text, zone));
    } catch (NumberFormatException | DateTimeException e) {
      throw new IllegalArgumentException("'" + text + "' is none of: " + ALLOWED, e);
    }
  }

  /** Of a time or how long ago; anything else is a bug of the caller. */
  default long epochMillis(Clock clock) {
    if (this instanceof Time time) {
      return time.epochMillis();
    }
    if (this instanceof Ago ago) {
      return Math.max(0, clock.wallMillis() - ago.millis());
    }
    throw new IllegalStateException(this + " is not a time");
  }

  private static long unitMillis(String unit) {
    return switch (unit) {
      case "s" -> 1_000;
      case "m" -> 60_000;
      case "h" -> 3_600_000;
      default -> 86_400_000;
    };
  }

  private static long time(String text, ZoneId zone) {
    if (text.indexOf('T') < 0) {
      return LocalDate.parse(text).atStartOfDay(zone).toInstant().toEpochMilli();
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeParseException noZone) {
      return LocalDateTime.parse(text).atZone(zone).toInstant().toEpochMilli();
    }
  }
}
