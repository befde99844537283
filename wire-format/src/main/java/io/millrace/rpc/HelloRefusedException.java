package io.millrace.rpc;

import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;

/** The other side answered the Hello with an error. */
public final class HelloRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  HelloRefusedException(Endpoint by, ErrorCode code, String why) {
    super(by + " refused the connection: " + why);
    this.code = code;
  }

  /** What for. */
  public ErrorCode code() {
    return code;
  }
}
