package io.millrace.server.handler;

import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;

/** The bound on how many partitions, or topics, one request may name. */
final class PartitionCount {
  private PartitionCount() {}

  static Refusal tooMany(int count, int limit) {
    return new Refusal(
        ErrorCode.TOO_LARGE,
        "the request names " + count + " partitions or topics, and the limit is " + limit);
  }
}
