package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open segment file, closed when the last who uses it lets go: the table of open files, an
 * append or read going on, a slice on its way to a socket, a flush. Any thread.
 */
final class SegmentFile {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentFile.class);

  private final DiskFile file;

  /** The first reference is the table's. */
  private final AtomicInteger references = new AtomicInteger(1);

  /** For the table: whether anybody took it since it was last looked at. */
  volatile boolean recentlyUsed = true;

  SegmentFile(DiskFile file) {
    this.file = file;
  }

  DiskFile file() {
    return file;
  }

  /** False once it has been closed; then it must be opened again. */
  boolean tryRetain() {
    for (int now = references.get(); now > 0; now = references.get()) {
      if (references.compareAndSet(now, now + 1)) {
        if (!recentlyUsed) {
          recentlyUsed = true;
        }
        return true;
      }
    }
    return false;
  }

  void release() {
    int left = references.decrementAndGet();
    if (left == 0) {
      try {
        file.close();
      } catch (IOException e) {
        // What matters was forced before, and a force reports its own failures.
        LOG.warn("closing {} failed", file.path(), e);
      }
    } else if (left < 0) {
      throw new IllegalStateException(file.path() + " was released more often than retained");
    }
  }
}
