package io.millrace.server.partition;

import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;

/** Why something that was asked for is not done: the code for programs, the text for people. */
public record Refusal(ErrorCode code, String message) {
  public Error toError() {
    return Error.newBuilder().setCode(code).setMessage(message).build();
  }
}
