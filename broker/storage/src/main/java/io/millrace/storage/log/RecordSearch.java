package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Looks into one batch for a record by time. */
final class RecordSearch {
  private RecordSearch() {}

  /** Null when the batch, in spite of what its header says, has no such record. */
  static @Nullable TimedOffset firstAtOrAfter(
      DiskFile file, BatchWalk at, long timestamp, long startOffset, RecordCursor records, Path log)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(at.batch().sizeBytes());
    file.read(at.position(), bytes);
    BatchView batch = new BatchView().wrap(bytes.clear(), 0);
    if (!batch.checksumMatches()) {
      throw new CorruptLogException(
          log
              + " is damaged: the checksum of the batch at offset "
              + batch.baseOffset()
              + ", position "
              + at.position()
              + ", does not match");
    }
    try {
      records.over(batch);
      while (records.next()) {
        if (records.timestamp() >= timestamp && records.offset() >= startOffset) {
          return new TimedOffset(records.offset(), records.timestamp(), batch.leaderEpoch());
        }
      }
      return null;
    } catch (CorruptBatchException e) {
      // Stored as its producer made it, and readers will refuse it: its header must do.
      long offset = Math.max(startOffset, batch.baseOffset());
      return new TimedOffset(offset, BatchWalk.maxTimestamp(batch), batch.leaderEpoch());
    }
  }
}
