package io.millrace.storage.log;

import java.io.IOException;

/** A log's bytes are not what was written. The log goes offline; nothing is cut by itself. */
public final class CorruptLogException extends IOException {
  private static final long serialVersionUID = 1L;

  CorruptLogException(String message) {
    super(message);
  }
}
