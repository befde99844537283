package io.millrace.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Records and batches out of a seed, for the tests of every module: the same seed, the same bytes.
 * All of them pass {@link BatchValidator} with the default limits at {@link #NOW_MILLIS}.
 */
public final class RandomBatches {
  /** No record is younger. */
  public static final long NOW_MILLIS = 1_800_000_000_000L;

  private static final List<String> NAMES = List.of("", "trace", "größe", "名前", "𝄞", "trace");

  private final Random random;

  public RandomBatches(long seed) {
    this.random = new Random(seed);
  }

  /** What a producer hands over. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Draft(
      long timestampMillis,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers) {}

  /** A record with any of its parts, or none. */
  public Draft record() {
    int headerCount = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
    List<RecordHeader> headers = new ArrayList<>();
    for (int i = 0; i < headerCount; i++) {
      headers.add(new RecordHeader(NAMES.get(random.nextInt(NAMES.size())), bytesOrNull(20)));
    }
    long timestamp = NOW_MILLIS - random.nextInt(random.nextBoolean() ? 2 : 100_000_000);
    return new Draft(timestamp, bytesOrNull(20), bytesOrNull(400), headers);
  }

  public List<Draft> records(int count) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drafts.add(record());
    }
    return drafts;
  }

  private byte @Nullable [] bytesOrNull(int maxSize) {
    if (random.nextInt(5) == 0) {
      return null;
    }
    byte[] bytes = new byte[random.nextInt(maxSize)];
    random.nextBytes(bytes);
    if (random.nextBoolean()) {
      // Something that compresses.
      byte[] word = "millrace ".getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = word[i % word.length];
      }
    }
    return bytes;
  }

  /** A batch as a producer sends it: base offset, epoch and append time are zero. */
  public ByteBuffer batch(int recordCount) {
    return encode(records(recordCount), Compressions.NONE);
  }

  /** 1 to 20 records, compressed or not. */
  public ByteBuffer batch() {
    return encode(records(1 + random.nextInt(20)), compression());
  }

  private Compression compression() {
    List<String> names = Compressions.names();
    int drawn = random.nextInt(3 * (names.size() - 1));
    return Compressions.named(drawn < names.size() ? names.get(drawn) : "none");
  }

  /** In fresh memory. */
  public static ByteBuffer encode(List<Draft> drafts, Compression compression) {
    BatchBuilder builder =
        new BatchBuilder(
            BatchLayout.MAX_SIZE_BYTES, BatchLayout.MAX_SIZE_BYTES, ByteBuffer::allocate);
    for (Draft draft : drafts) {
      if (!builder.tryAppend(draft.timestampMillis, draft.key, draft.value, draft.headers)) {
        throw new IllegalArgumentException("too much for one batch");
      }
    }
    return builder.finish(compression);
  }

  /** Batches as a leader has stamped them, without a gap, append time {@link #NOW_MILLIS}. */
  public ByteBuffer sequence(int batchCount, long baseOffset, int leaderEpoch) {
    List<ByteBuffer> batches = new ArrayList<>();
    BatchView view = new BatchView();
    long offset = baseOffset;
    for (int i = 0; i < batchCount; i++) {
      ByteBuffer batch = batch();
      view.wrap(batch, 0).stamp(offset, leaderEpoch, NOW_MILLIS);
      offset = view.nextOffset();
      batches.add(batch);
    }
    return concatenate(batches);
  }

  /** The remaining bytes of all of them, in fresh memory. */
  public static ByteBuffer concatenate(List<ByteBuffer> parts) {
    int size = 0;
    for (ByteBuffer part : parts) {
      size += part.remaining();
    }
    ByteBuffer whole = ByteBuffer.allocate(size);
    for (ByteBuffer part : parts) {
      whole.put(part.duplicate());
    }
    return whole.flip();
  }
}
