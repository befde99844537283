package io.millrace.server.group;

/**
 * What stands for names of topics: {@code *} for any characters, also none, {@code ?} for exactly
 * one, everything else for itself. No expression of a larger language: whoever may subscribe can
 * make a coordinator match, and this one never takes more steps than name times pattern has
 * characters, whatever it is given.
 */
public final class TopicPattern {
  private static final char ANY = '*';
  private static final char ONE = '?';

  private TopicPattern() {}

  /** Whether the name matches as a whole. */
  public static boolean matches(String pattern, String name) {
    int inPattern = 0;
    int inName = 0;
    int afterAny = -1; // in the pattern, behind the last * that was met
    int anyEnds = 0; // in the name, how far that * reaches so far
    while (inName < name.length()) {
      char wanted = inPattern < pattern.length() ? pattern.charAt(inPattern) : 0;
      if (inPattern < pattern.length() && wanted == ANY) {
        afterAny = ++inPattern;
        anyEnds = inName;
      } else if (inPattern < pattern.length() && (wanted == ONE || wanted == name.charAt(inName))) {
        inPattern++;
        inName++;
      } else if (afterAny >= 0) {
        // Only the last * has to be tried again: what is before it has found its first place.
        inPattern = afterAny;
        inName = ++anyEnds;
      } else {
        return false;
      }
    }
    while (inPattern < pattern.length() && pattern.charAt(inPattern) == ANY) {
      inPattern++;
    }
    return inPattern == pattern.length();
  }
}
