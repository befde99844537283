package io.millrace.client.send;

import io.millrace.client.ProducerSettings;
import io.millrace.wire.Compression;
import io.millrace.wire.v1.Durability;

/**
 * What the engine needs of a producer's settings.
 *
 * @param fullBatchBytes no record is added to a batch that would become larger
 * @param requestBytes queued batches are packed up to this
 * @param retryUnknown send again what may have been written already
 * @param idempotence have the broker know what comes again
 */
public record SendSettings(
    Durability durability,
    Compression compression,
    long lingerNanos,
    int fullBatchBytes,
    int requestBytes,
    int bufferBytes,
    long deliveryTimeoutNanos,
    long requestTimeoutNanos,
    int maxInFlightBytes,
    boolean retryUnknown,
    boolean idempotence) {

  /** Whether batches are numbered: without answers nothing can be sent again. */
  boolean numbers() {
    return idempotence && durability != Durability.NONE;
  }

  /** From a producer's settings. */
  public static SendSettings of(ProducerSettings settings) {
    return new SendSettings(
        settings.durability().map(SendSettings::wire).orElse(Durability.DURABILITY_UNSPECIFIED),
        settings.compression(),
        settings.linger().toNanos(),
        Math.min(settings.batchSizeBytes(), settings.maxRequestSizeBytes()),
        settings.maxRequestSizeBytes(),
        settings.bufferMemoryBytes(),
        settings.deliveryTimeout().toNanos(),
        settings.requestTimeout().toNanos(),
        settings.maxInFlightBytes(),
        settings.retryUnknownOutcome(),
        settings.idempotence());
  }

  private static Durability wire(io.millrace.client.Durability durability) {
    return switch (durability) {
      case NONE -> Durability.NONE;
      case LEADER -> Durability.LEADER;
      case STANDARD -> Durability.STANDARD;
      case SYNCED -> Durability.SYNCED;
    };
  }
}
