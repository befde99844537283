package io.millrace.rpc;

import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;

/** How a request ended, seen from the side that sent it. */
public sealed interface Reply {
  /**
   * The other side answered, perhaps with an error.
   *
   * @param response without the payload
   * @param payload empty when there is none; valid until {@code memory} is released
   * @param memory owned by the receiver of the reply
   */
  record Answered(Response response, ByteBuffer payload, ReceivedBytes memory) implements Reply {}

  /** Not a byte of it left this process: it certainly had no effect. */
  record NotSent(String why) implements Reply {}

  /** It left, or may have, and no answer came: it may have had an effect, or may still have. */
  record Unknown(String why, boolean timedOut) implements Reply {}
}
