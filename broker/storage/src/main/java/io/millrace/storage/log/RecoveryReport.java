package io.millrace.storage.log;

/**
 * What opening a log took and changed.
 *
 * @param clean the log stood as a clean stop had left it; nothing was read
 * @param readBytes how much was read again
 * @param cutBytes how much was dropped from the end because it was not, or not wholly, written
 * @param cutWholeBatches whole later batches among what was dropped: a power loss can leave them
 *     behind a hole. They were never forced
 * @param untouched nothing stood above the recovery point, so nothing was forced: whatever of it is
 *     only in the page cache is a name, and is forced with the next flush
 * @param belowRecoveryPoint the log ends before an offset that the checkpoint says was forced
 */
public record RecoveryReport(
    boolean clean,
    long readBytes,
    long cutBytes,
    long cutWholeBatches,
    boolean untouched,
    boolean belowRecoveryPoint) {
  static final RecoveryReport CLEAN = new RecoveryReport(true, 0, 0, 0, false, false);
}
