package io.millrace.server.partition;

import io.millrace.wire.v1.Durability;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * One partition's share of a produce request, on its way into the log. Made on the connection's
 * loop, then owned by the partition's.
 *
 * @param batches whole batches; stamped in place
 * @param requested the level to acknowledge, or unspecified for the topic's own
 * @param believedEpoch the leader epoch the sender believes in
 * @param deadlineNanos on the monotonic clock; who waits for the disk is told then that the outcome
 *     is unknown
 */
public record ProduceShare(
    ByteBuffer batches,
    Durability requested,
    OptionalInt believedEpoch,
    long deadlineNanos,
    Listener listener) {

  /** Hears on the partition's loop. */
  public interface Listener {
    /** Exactly once, first: the memory of the batches is not needed any more. */
    void onBatchesFree();

    /** Exactly once, last. */
    void onOutcome(AppendOutcome outcome);
  }
}
