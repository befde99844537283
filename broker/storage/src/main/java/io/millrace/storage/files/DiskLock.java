package io.millrace.storage.files;

/** An exclusive claim on a file, held until released or until the process ends, however it ends. */
public interface DiskLock {
  /** Any thread; the second call does nothing. */
  void release();
}
