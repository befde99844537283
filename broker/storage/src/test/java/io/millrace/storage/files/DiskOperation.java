package io.millrace.storage.files;

/** What a call does to the disk. */
public enum DiskOperation {
  CREATE(true),
  OPEN(false),
  LIST(false),
  READ(false),
  WRITE(true),
  TRUNCATE(true),
  FORCE(true),
  DELETE(true),
  RENAME(true),
  CREATE_DIRECTORY(true),
  SYNC_DIRECTORY(true);

  private final boolean changes;

  DiskOperation(boolean changes) {
    this.changes = changes;
  }

  /** Whether a crash before and a crash after it may leave different disks. */
  public boolean changes() {
    return changes;
  }
}
