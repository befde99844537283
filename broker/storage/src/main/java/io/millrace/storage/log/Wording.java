package io.millrace.storage.log;

import java.util.Locale;

/** Sizes and durations as people read them in a line of the log. */
final class Wording {
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Wording() {}

  /** {@code 512 bytes}, {@code 3.0 GiB}. */
  static String bytes(long sizeBytes) {
    int unit = 0;
    double size = sizeBytes;
    while (size >= 1024 && unit < UNITS.length - 1) {
      size /= 1024;
      unit++;
    }
    return unit == 0
        ? sizeBytes + " " + UNITS[0]
        : String.format(Locale.ROOT, "%.1f %s", size, UNITS[unit]);
  }

  /** In the largest unit of which it is a whole number: {@code 7 days}, {@code 90 minutes}. */
  static String duration(long millis) {
    if (millis % 86_400_000 == 0) {
      return count(millis / 86_400_000, "day");
    } else if (millis % 3_600_000 == 0) {
      return count(millis / 3_600_000, "hour");
    } else if (millis % 60_000 == 0) {
      return count(millis / 60_000, "minute");
    } else if (millis % 1_000 == 0) {
      return count(millis / 1_000, "second");
    }
    return millis + " ms";
  }

  static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }
}
