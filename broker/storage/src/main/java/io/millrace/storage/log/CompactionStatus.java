package io.millrace.storage.log;

/**
 * How far compaction has come in one log, as it was when it was last looked at.
 *
 * @param cleanedTo of each key the latest record is left before it
 * @param totalBytes of the segments that take no more
 * @param dirtyBytes of these, what has not been compacted
 * @param dirtyRatio of {@code totalBytes} from which on it is worth it
 * @param dueSinceMillis since when it could be compacted, and should be; {@link #NOT_DUE}
 * @param isUnderWay it is being compacted now
 * @param trouble why it cannot be compacted; empty when it can
 * @param troubleSinceMillis of the wall clock
 */
public record CompactionStatus(
    long cleanedTo,
    long totalBytes,
    long dirtyBytes,
    double dirtyRatio,
    long dueSinceMillis,
    boolean isUnderWay,
    String trouble,
    long troubleSinceMillis) {
  public static final long NOT_DUE = -1;

  static final CompactionStatus UNKNOWN =
      new CompactionStatus(0, 0, 0, 1, NOT_DUE, false, "", NOT_DUE);

  /** Of what could be compacted. */
  public double ratio() {
    return totalBytes == 0 ? 0 : dirtyBytes / (double) totalBytes;
  }

  CompactionStatus looked(
      CompactionFacts facts, CompactionFile.Progress progress, boolean isDue, long nowMillis) {
    long due = dueSinceMillis == NOT_DUE ? nowMillis : dueSinceMillis;
    return new CompactionStatus(
        progress.cleanedTo(),
        facts.sizeBefore(Long.MAX_VALUE).bytes(),
        facts.dirtyBytes(progress),
        facts.config().dirtyRatio(),
        isDue ? due : NOT_DUE,
        isUnderWay,
        trouble,
        troubleSinceMillis);
  }

  CompactionStatus underWay(boolean is) {
    return new CompactionStatus(
        cleanedTo,
        totalBytes,
        dirtyBytes,
        dirtyRatio,
        dueSinceMillis,
        is,
        trouble,
        troubleSinceMillis);
  }

  /**
   * @param why empty: none any more
   */
  CompactionStatus withTrouble(String why, long nowMillis) {
    boolean isNew = trouble.isEmpty() && !why.isEmpty();
    return new CompactionStatus(
        cleanedTo,
        totalBytes,
        dirtyBytes,
        dirtyRatio,
        dueSinceMillis,
        isUnderWay,
        why,
        isNew ? nowMillis : troubleSinceMillis);
  }
}
