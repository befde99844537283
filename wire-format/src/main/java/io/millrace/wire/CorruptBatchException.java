package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;

/**
 * Bytes that a reader cannot take for records: damaged, lying about themselves, or of a kind this
 * release does not know.
 *
 * <p>Unchecked, because most callers read what was checked at the door. Whoever reads what came
 * from elsewhere (a consumer, a dump tool) must expect it: it says nothing about this process.
 */
public final class CorruptBatchException extends RuntimeException {
  private final ErrorCode code;

  public CorruptBatchException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  CorruptBatchException(String message) {
    this(ErrorCode.CORRUPT_BATCH, message);
  }

  /** {@code CORRUPT_BATCH}, {@code UNSUPPORTED} or {@code TOO_LARGE}. */
  public ErrorCode code() {
    return code;
  }
}
