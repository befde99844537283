package io.millrace.storage.directory;

/**
 * One partition's line in the checkpoint.
 *
 * @param recoveryPoint all below this offset has been forced to disk
 * @param highWatermark a hint; whoever reads it bounds it to the log
 * @param highestEpoch the highest leader epoch seen, -1 for none: never to be gone below
 * @param bootTag tells the machine's boot in which the log was open when this was written
 */
public record CheckpointEntry(
    long recoveryPoint, long highWatermark, int highestEpoch, String bootTag) {
  /** Of no boot that anybody knows. */
  static final String NO_BOOT = "-";

  public static final CheckpointEntry NOTHING = new CheckpointEntry(0, 0, -1, NO_BOOT);

  CheckpointEntry ofNoBoot() {
    return new CheckpointEntry(recoveryPoint, highWatermark, highestEpoch, NO_BOOT);
  }
}
