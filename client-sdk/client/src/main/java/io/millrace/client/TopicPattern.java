package io.millrace.client;

/**
 * Topics by the shape of their names: {@code *} stands for any characters, also none, {@code ?} for
 * exactly one, every other character for itself: {@code orders-*}, and not the regular expression
 * {@code orders-.*}, which wants a dot. The whole name has to match; internal topics never do.
 *
 * @param text 1 to 200 characters of A-Z a-z 0-9 . _ - * ?
 */
public record TopicPattern(String text) {
  private static final int MAX_LENGTH = 200;

  /** Checks what was given. */
  public TopicPattern {
    if (text.isEmpty()
        || text.length() > MAX_LENGTH
        || !text.chars().allMatch(c -> fits((char) c))) {
      throw new IllegalArgumentException(
          "\""
              + (text.length() > MAX_LENGTH ? text.substring(0, 50) + "…" : text)
              + "\" is no pattern of topic names but may be: 1 to 200 characters of A-Z a-z 0-9 . _ -"
              + " and * for any characters, ? for one");
    }
  }

  private static boolean fits(char c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || "._-*?".indexOf(c) >= 0;
  }

  @Override
  public String toString() {
    return text;
  }
}
