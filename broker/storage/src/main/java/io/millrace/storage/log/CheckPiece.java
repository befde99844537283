package io.millrace.storage.log;

import java.nio.file.Path;

/**
 * What a check needs to know of one segment, as it stood when the log was asked. Taken on the
 * owner; used on a worker.
 *
 * @param position where a batch begins
 * @param offset of that batch
 * @param limit how much of the file is to be read
 * @param limitOffset what comes next behind that
 * @param cuts how often the log had been cut: what is found after another cut means nothing
 */
record CheckPiece(
    Path file,
    Path indexFile,
    long baseOffset,
    int position,
    long offset,
    int limit,
    long limitOffset,
    boolean isSealed,
    EpochHistory epochs,
    int cuts) {
  CheckPiece startingAt(int newPosition, long newOffset) {
    return new CheckPiece(
        file,
        indexFile,
        baseOffset,
        newPosition,
        newOffset,
        limit,
        limitOffset,
        isSealed,
        epochs,
        cuts);
  }
}
