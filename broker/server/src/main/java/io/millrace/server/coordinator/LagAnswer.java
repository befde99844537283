package io.millrace.server.coordinator;

import io.millrace.server.partition.Refusal;
import java.util.OptionalLong;

/** What a partition's leader knows of a reader. */
public sealed interface LagAnswer {
  /**
   * @param start the first offset that can be read
   * @param end the high watermark
   * @param waitingMillis since the first record that was not read was appended; 0: there is none;
   *     empty: it cannot be said, or was not asked for
   */
  record Known(int leaderEpoch, long start, long end, OptionalLong waitingMillis)
      implements LagAnswer {}

  /** Nobody could say. */
  record Unknown(Refusal why) implements LagAnswer {}
}
