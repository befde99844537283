package io.millrace.storage.log;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Bounds the segment files that are open although nobody uses them at the moment (B92).
 *
 * <p>Any thread; the lock is taken when a file is opened or dropped, never to use one. The choice
 * whom to close is "second chance": the oldest that nobody took since the last look.
 */
final class OpenFiles {
  private final int limit;
  private final Set<SegmentFile> files = new LinkedHashSet<>();

  OpenFiles(int limit) {
    this.limit = limit;
  }

  /** Takes over the file's first reference. */
  void add(SegmentFile opened) {
    SegmentFile evicted = null;
    synchronized (files) {
      files.add(opened);
      if (files.size() > limit) {
        evicted = oldestUnused();
        files.remove(evicted);
      }
    }
    if (evicted != null) {
      evicted.release();
    }
  }

  private SegmentFile oldestUnused() {
    while (true) {
      Iterator<SegmentFile> oldest = files.iterator();
      SegmentFile candidate = oldest.next();
      if (!candidate.recentlyUsed) {
        return candidate;
      }
      candidate.recentlyUsed = false;
      oldest.remove();
      files.add(candidate);
    }
  }

  /** The file's segment is gone or closed. Does nothing for one that was evicted before. */
  void drop(SegmentFile file) {
    boolean held;
    synchronized (files) {
      held = files.remove(file);
    }
    if (held) {
      file.release();
    }
  }

  int count() {
    synchronized (files) {
      return files.size();
    }
  }
}
