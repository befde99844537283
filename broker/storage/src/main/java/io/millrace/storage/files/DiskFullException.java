package io.millrace.storage.files;

import java.io.IOException;

/** No space, or no quota, for a write. Part of it may have been written. */
public final class DiskFullException extends IOException {
  private static final long serialVersionUID = 1L;

  public DiskFullException(String message, Throwable cause) {
    super(message, cause);
  }

  public DiskFullException(String message) {
    super(message);
  }
}
