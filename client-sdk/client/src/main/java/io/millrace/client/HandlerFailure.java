package io.millrace.client;

import java.util.List;

/**
 * A handler threw.
 *
 * @param records of the call, at least one; a handler of batches may have done a part of them
 * @param cause what it threw
 * @param attempt from 1: how often these records have failed now
 */
public record HandlerFailure<K, V>(
    List<ConsumerRecord<K, V>> records, Exception cause, int attempt) {
  /** Checks what was given. */
  public HandlerFailure {
    records = List.copyOf(records);
    if (records.isEmpty()) {
      throw new IllegalArgumentException("no record has failed");
    }
  }
}
