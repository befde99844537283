package io.millrace.client;

/** Which records of a partition shall go; for {@link Admin#trim}. */
public sealed interface TrimSpec {
  /** All before that offset, which is at most the end of the committed records. */
  record Before(long offset) implements TrimSpec {
    public Before {
      if (offset < 0) {
        throw new IllegalArgumentException("offset " + offset + " is negative");
      }
    }
  }

  /** All that are committed when the leader hears of it. */
  record Everything() implements TrimSpec {}

  /** All before that offset, which is the first to be kept. */
  static TrimSpec before(long offset) {
    return new Before(offset);
  }

  /** All that are committed. */
  static TrimSpec everything() {
    return new Everything();
  }
}
