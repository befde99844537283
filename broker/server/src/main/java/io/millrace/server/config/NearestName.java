package io.millrace.server.config;

import java.util.Collection;
import java.util.Comparator;

/** Which declared name somebody probably meant. */
final class NearestName {
  private NearestName() {}

  /** The one with the fewest edits; of several the first. */
  static String of(String wrong, Collection<String> names) {
    String bounded = wrong.length() > 100 ? wrong.substring(0, 100) : wrong;
    return names.stream().min(Comparator.comparingInt(name -> edits(bounded, name))).orElseThrow();
  }

  /** Levenshtein's distance: inserted, deleted and replaced characters. */
  private static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
