package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Steps from batch to batch in a segment file: by their headers alone, or reading all of each.
 * Reused; one thread at a time.
 */
final class BatchWalk {
  private final BatchView batch = new BatchView();
  private final int windowBytes;

  /** Made when first needed: after a clean stop no log is walked at all. */
  private ByteBuffer window = ByteBuffer.allocate(0);

  private int windowStart;
  private int windowSize;

  private @Nullable DiskFile file;
  private boolean wholeBatches;
  private int position;
  private int next;
  private int limit;

  /**
   * @param windowBytes read at a time; small when only headers are wanted
   */
  BatchWalk(int windowBytes) {
    this.windowBytes = Math.max(windowBytes, 2 * BatchLayout.MAX_HEADER_BYTES);
  }

  /** Visits headers; {@link #batch} then says nothing of the records. */
  BatchWalk headers(DiskFile file, int from, int to) {
    return start(file, from, to, false);
  }

  /** Reads every batch in full, so that checksums can be compared. */
  BatchWalk whole(DiskFile file, int from, int to) {
    return start(file, from, to, true);
  }

  private BatchWalk start(DiskFile newFile, int from, int to, boolean whole) {
    file = newFile;
    wholeBatches = whole;
    next = from;
    position = from;
    limit = to;
    windowSize = 0;
    if (window.capacity() > windowBytes) {
      window = ByteBuffer.allocate(0); // it grew for one large batch
    }
    return this;
  }

  /**
   * Moves on. {@link BatchScan#WHOLE}: there is a batch, and all of it stands before the limit;
   * {@link BatchScan#HEADER}: its header does, its records go on behind the limit. Anything else is
   * as {@link BatchView#scan} says, and the walk stays where it is.
   */
  BatchScan next() throws IOException {
    position = next;
    int left = limit - position;
    if (left <= 0) {
      return BatchScan.END;
    }
    ensure(Math.min(left, BatchLayout.MAX_HEADER_BYTES));
    BatchScan found = scan();
    if (found != BatchScan.WHOLE && found != BatchScan.HEADER) {
      return found;
    }
    if (batch.sizeBytes() > left) {
      return BatchScan.HEADER;
    }
    if (wholeBatches && found == BatchScan.HEADER) {
      ensure(batch.sizeBytes());
      found = scan();
      if (found != BatchScan.WHOLE) {
        return found;
      }
    }
    next = position + batch.sizeBytes();
    return BatchScan.WHOLE;
  }

  private BatchScan scan() {
    return batch.scan(window, position - windowStart, windowSize);
  }

  private void ensure(int bytes) throws IOException {
    if (position >= windowStart && position + (long) bytes <= windowStart + (long) windowSize) {
      return;
    }
    if (bytes > window.capacity()) {
      window = ByteBuffer.allocateDirect(Math.max(bytes, windowBytes));
    }
    window.clear().limit(Math.min(window.capacity(), limit - position));
    windowStart = position;
    windowSize = source().read(position, window);
    window.clear();
  }

  private DiskFile source() {
    if (file == null) {
      throw new IllegalStateException("the walk has not begun");
    }
    return file;
  }

  /** The current one, until {@link #next}. */
  BatchView batch() {
    return batch;
  }

  /** The current batch as it stands, where whole ones are read; until {@link #next}. */
  ByteBuffer bytes() {
    return window.slice(position - windowStart, batch.sizeBytes());
  }

  /** Where in the file the current batch, or what is none, begins. */
  int position() {
    return position;
  }

  /** Where in the file the current batch ends. */
  int nextPosition() {
    return next;
  }

  /** Of the batch's records by the time that counts for the topic. */
  long maxTimestamp() {
    return maxTimestamp(batch);
  }

  static long maxTimestamp(BatchView batch) {
    return batch.usesAppendTime() ? batch.appendTimestamp() : batch.maxTimestamp();
  }
}
