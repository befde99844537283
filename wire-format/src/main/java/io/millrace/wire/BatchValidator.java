package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the broker checks before it appends what a client sent: everything, before anything changes.
 * A share with one bad batch is refused whole, with the reason.
 *
 * <p>Compressed records are not looked at, but for their keys where these are needed (decompressing
 * costs more than all the rest of an append): the checksum, the counts and the limits of the header
 * hold for them, and readers refuse what lies about the rest. Allocates nothing for a record or a
 * batch unless it refuses. Belongs to one thread.
 */
public final class BatchValidator {
  /** What became of a share. */
  public sealed interface Result {}

  /**
   * May be appended once every batch has been stamped.
   *
   * @param recordCount of all batches, which is how many offsets they take
   * @param maxTimestamp the latest of the producer's, milliseconds since the epoch
   */
  public record Valid(int batchCount, long recordCount, long maxTimestamp) implements Result {}

  /** Must not be appended; the message names the batch and what is wrong with it. */
  public record Invalid(ErrorCode code, String message) implements Result {}

  private final BatchView batch = new BatchView();
  private final RecordScan records = new RecordScan();

  /** Keeps no memory before it is needed. */
  private final RecordCursor compressed = new RecordCursor();

  /**
   * Checks one partition's share of a produce payload: the buffer's remaining bytes.
   *
   * @param nowMillis the broker's wall clock
   */
  public Result validate(ByteBuffer share, BatchLimits limits, long nowMillis) {
    int batchCount = 0;
    long recordCount = 0;
    long maxTimestamp = 0;
    int limit = share.limit();
    for (int at = share.position(); at < limit; at += batch.sizeBytes()) {
      BatchScan found = batch.scan(share, at, limit);
      if (found != BatchScan.WHOLE) {
        return notWhole(found, batchCount, at - share.position());
      }
      Invalid invalid = check(limits, nowMillis + limits.maxTimestampAheadMillis());
      if (invalid != null) {
        return at(batchCount, at - share.position(), invalid);
      }
      batchCount++;
      recordCount += batch.recordCount();
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp());
    }
    if (batchCount == 0) {
      return new Invalid(ErrorCode.INVALID_REQUEST, "the share holds no batch");
    }
    return new Valid(batchCount, recordCount, maxTimestamp);
  }

  private Invalid notWhole(BatchScan found, int index, int position) {
    String problem = batch.problem();
    return at(
        index,
        position,
        corrupt(
            problem != null
                ? problem
                : found == BatchScan.END ? "a zero byte stands for it" : "it is cut off"));
  }

  private static Invalid at(int index, int position, Invalid invalid) {
    return new Invalid(
        invalid.code(),
        "batch " + index + " of the share, at position " + position + ": " + invalid.message());
  }

  private @Nullable Invalid check(BatchLimits limits, long latestMillis) {
    if (batch.sizeBytes() > limits.maxBatchBytes()) {
      return tooLarge("it takes " + batch.sizeBytes() + " bytes", limits.maxBatchBytes());
    }
    if (!batch.checksumMatches()) {
      return corrupt("its checksum does not match its bytes");
    }
    Invalid invalid = checkAttributes();
    if (invalid == null) {
      invalid = checkCounts(limits);
    }
    if (invalid == null) {
      invalid = checkTimestamps(latestMillis);
    }
    if (invalid == null && batch.compressionId() == Compressions.NONE.id()) {
      invalid = checkRecords(limits);
    } else if (invalid == null && limits.needsKeys()) {
      invalid = checkCompressedKeys();
    }
    return invalid;
  }

  /** The one thing for which a broker decompresses: without it a record could never go again. */
  private @Nullable Invalid checkCompressedKeys() {
    try {
      compressed.over(batch);
      for (int record = 0; compressed.next(); record++) {
        if (compressed.keySize() == RecordCursor.ABSENT) {
          return keyMissing(record);
        }
      }
      return null;
    } catch (CorruptBatchException e) {
      return new Invalid(e.code(), String.valueOf(e.getMessage()));
    }
  }

  private static Invalid keyMissing(int record) {
    return new Invalid(
        ErrorCode.KEY_MISSING,
        "record "
            + record
            + " has no key, and this topic keeps the latest record of each key: give every record a"
            + " key, or set cleanup=delete for the topic");
  }

  private @Nullable Invalid checkAttributes() {
    int attributes = batch.attributes();
    if (BatchAttributes.unknownBits(attributes) != 0) {
      return unsupported("its attributes are not known here: 0x" + Integer.toHexString(attributes));
    }
    if (BatchAttributes.encoding(attributes) != BatchAttributes.RECORD_SET) {
      return unsupported(
          "its record encoding is not known here: " + BatchAttributes.encoding(attributes));
    }
    if (!Compressions.isKnown(batch.compressionId())) {
      return unsupported(Compressions.whyUnknown(batch.compressionId()));
    }
    if (batch.isControl()
        || batch.isTransactional()
        || batch.usesAppendTime()
        || batch.isCompacted()
        || batch.hasLostTombstones()) {
      return new Invalid(
          ErrorCode.INVALID_REQUEST,
          "only brokers write control, transactional, append-time and compacted batches");
    }
    return checkProducer();
  }

  /** All of it or nothing; whether the producer may send this now is not decided here. */
  private @Nullable Invalid checkProducer() {
    long id = batch.producerId();
    int epoch = batch.producerEpoch();
    int sequence = batch.baseSequence();
    boolean none =
        id == BatchLayout.NO_PRODUCER_ID
            && epoch == BatchLayout.NO_PRODUCER_EPOCH
            && sequence == BatchLayout.NO_SEQUENCE;
    if (!none && (id < 0 || epoch < 0 || sequence < 0)) {
      return new Invalid(
          ErrorCode.INVALID_REQUEST,
          "producer id, epoch and sequence are 0 to 2^63 - 1 and 0 to 2^31 - 1, or all bits are set"
              + " in all three: "
              + id
              + ", "
              + epoch
              + ", "
              + sequence);
    }
    return null;
  }

  private @Nullable Invalid checkCounts(BatchLimits limits) {
    int count = batch.recordCount();
    if (count < 1) {
      return corrupt("it says it has " + Integer.toUnsignedString(count) + " records");
    }
    if (count > limits.maxRecordsPerBatch()) {
      return tooLarge("it has " + count + " records", limits.maxRecordsPerBatch());
    }
    // Holes come from compaction; a producer has no reason to make any. With deltas that rise, this
    // makes them 0 to count - 1.
    if (batch.lastOffsetDelta() != count - 1) {
      return corrupt(
          "its last offset delta, "
              + Integer.toUnsignedString(batch.lastOffsetDelta())
              + ", is not that of "
              + count
              + " records");
    }
    return null;
  }

  private @Nullable Invalid checkTimestamps(long latestMillis) {
    long base = batch.baseTimestamp();
    long max = batch.maxTimestamp();
    if (base < 0 || max < 0) {
      return new Invalid(ErrorCode.INVALID_TIMESTAMP, "a timestamp is before 1970");
    }
    if (base > latestMillis || max > latestMillis) {
      return new Invalid(
          ErrorCode.INVALID_TIMESTAMP,
          "its time, "
              + Math.max(base, max)
              + ", is ahead of the broker's clock; the latest allowed now is "
              + latestMillis);
    }
    return null;
  }

  private @Nullable Invalid checkRecords(BatchLimits limits) {
    int start = batch.recordsPosition();
    long baseTimestamp = batch.baseTimestamp();
    long max = Long.MIN_VALUE;
    int count = 0;
    records.over(batch.buffer(), start, start + batch.recordsSize());
    while (records.next()) {
      // The base is not negative, so a sum that overflows is.
      long timestamp = baseTimestamp + records.timestampDelta();
      if (timestamp < 0) {
        return new Invalid(
            ErrorCode.INVALID_TIMESTAMP, "the time of record " + count + " is out of range");
      }
      if (records.contentSize() > limits.maxRecordBytes()) {
        return tooLarge(
            "record " + count + " has " + records.contentSize() + " bytes",
            limits.maxRecordBytes());
      }
      if (limits.needsKeys() && records.keySize() == RecordScan.ABSENT) {
        return keyMissing(count);
      }
      max = Math.max(max, timestamp);
      count++;
    }
    if (records.problem() != null) {
      return corrupt("record " + count + ": " + records.problem());
    }
    if (count != batch.recordCount()) {
      return corrupt("it says it has " + batch.recordCount() + " records and has " + count);
    }
    if (records.offsetDelta() != batch.lastOffsetDelta()) {
      return corrupt(
          "its last offset delta is "
              + batch.lastOffsetDelta()
              + ", that of its last record "
              + records.offsetDelta());
    }
    if (max != batch.maxTimestamp()) {
      return corrupt("its latest time is " + batch.maxTimestamp() + ", that of its records " + max);
    }
    return null;
  }

  private static Invalid corrupt(String message) {
    return new Invalid(ErrorCode.CORRUPT_BATCH, message);
  }

  private static Invalid unsupported(String message) {
    return new Invalid(ErrorCode.UNSUPPORTED, message);
  }

  private static Invalid tooLarge(String what, int limit) {
    return new Invalid(ErrorCode.TOO_LARGE, what + ", and the limit is " + limit);
  }
}
