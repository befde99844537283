package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import org.jspecify.annotations.Nullable;

/**
 * Hears how a record ended.
 *
 * <p>Runs on the producer's own thread, in the order of {@code send} for records of one partition,
 * and must not block: nothing else is sent or received meanwhile. It may call {@code send}, which
 * does not block here but fails with {@link io.millrace.client.errors.BufferFullException} when
 * there is no room, and {@code close}, which then does not wait. What it throws is logged and harms
 * nothing.
 */
@FunctionalInterface
public interface Callback {
  /** Exactly one of the two is null. */
  void onCompletion(@Nullable RecordMetadata metadata, @Nullable MillraceException error);
}
