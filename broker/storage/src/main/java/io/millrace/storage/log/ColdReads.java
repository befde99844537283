package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.files.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What all logs of a directory share to read what is not in memory: the {@code cold-read} worker,
 * and the memory it uses, which is its own.
 *
 * <p>Bounded by its users: each log has one piece of work here at a time and goes to the end of the
 * queue for the next, so that no log starves the others and the queue is never longer than there
 * are logs being read.
 */
final class ColdReads {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final int HEADER_WINDOW_BYTES = 1 << 14;

  /** One byte of each such piece tells whether it is in memory: the kernel reads no less. */
  private static final int SAMPLE_BYTES = 1 << 16;

  /** Memory answers sooner, a disk hardly ever. */
  private static final long FROM_DISK_NANOS = 100_000;

  private final EventLoop worker;
  private final StorageCounters counters;

  // The worker's.
  private final BatchWalk headers = new BatchWalk(HEADER_WINDOW_BYTES);
  private ByteBuffer buffer = ByteBuffer.allocate(0);

  ColdReads(EventLoop worker, StorageCounters counters) {
    this.worker = worker;
    this.counters = counters;
  }

  /** Any thread. */
  void submit(Runnable work) {
    worker.execute(work);
  }

  /** On the worker. */
  BatchWalk headers() {
    return headers;
  }

  /**
   * On the worker: brings a range of a file into the page cache, so that sending it does not wait
   * for the disk. Most of what is old to a log has been read by somebody else just before: a look
   * at one byte here and there tells, and spares the copying.
   */
  void warm(DiskFile file, int from, int to) throws IOException {
    if (buffer.capacity() == 0) {
      buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    }
    for (int at = from; at < to; at += SAMPLE_BYTES) {
      long before = worker.clock().nanoTime();
      buffer.clear().limit(1);
      file.read(at, buffer);
      if (worker.clock().nanoTime() - before > FROM_DISK_NANOS) {
        read(file, at, to);
        return;
      }
    }
  }

  private void read(DiskFile file, int from, int to) throws IOException {
    for (int at = from; at < to; at += BUFFER_BYTES) {
      buffer.clear().limit(Math.min(BUFFER_BYTES, to - at));
      file.read(at, buffer);
    }
    counters.coldRead(to - from);
  }
}
