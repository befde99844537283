package io.millrace.storage.files;

import java.io.IOException;

/**
 * Bytes or names may not have reached the disk, and the kernel may have dropped them although a
 * second try would succeed. Final for the whole directory (R21).
 */
public final class ForceFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  public ForceFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
