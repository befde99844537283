package io.millrace.storage.log;

/**
 * Where an epoch ended in a log.
 *
 * @param epoch the largest one in the log that is not above the one asked for, -1 when there is
 *     none
 * @param endOffset first offset behind it
 */
public record EpochEnd(int epoch, long endOffset) {
  static final EpochEnd NONE = new EpochEnd(EpochHistory.NONE, -1);

  public boolean isKnown() {
    return epoch >= 0;
  }
}
