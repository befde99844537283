package io.millrace.server.replica;

/** Which leader epoch wrote what in a log. */
@FunctionalInterface
public interface EpochLookup {
  /**
   * @param epoch the largest one in the log that is not above the one asked for, {@link #NONE} when
   *     there is none
   * @param endOffset first offset behind what it wrote
   */
  record End(int epoch, long endOffset) {
    public static final int NONE = -1;

    public boolean isKnown() {
      return epoch != NONE;
    }
  }

  End endOf(int epoch);
}
