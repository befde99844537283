package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every damage of one kind, not a sample of it. */
class BatchSweepTest {
  private static final Compression ZSTD = Compressions.named("zstd");

  private final BatchValidator validator = new BatchValidator();
  private final RecordCursor cursor = new RecordCursor(1 << 20);

  private static ByteBuffer plain(int seed, int recordCount) {
    return RandomBatches.encode(new RandomBatches(seed).records(recordCount), Compressions.NONE);
  }

  /** Compressible, so that it does get compressed. */
  private static ByteBuffer zstd() {
    List<RandomBatches.Draft> drafts = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      drafts.add(
          new RandomBatches.Draft(RandomBatches.NOW_MILLIS - i, null, new byte[30], List.of()));
    }
    ByteBuffer batch = RandomBatches.encode(drafts, ZSTD);
    assertThat(new BatchView().wrap(batch, 0).compressionId()).isEqualTo(ZSTD.id());
    return batch;
  }

  private static ByteBuffer sample() {
    ByteBuffer sample = RandomBatches.concatenate(List.of(plain(1, 3), zstd(), plain(2, 1)));
    assertThat(sample.remaining()).isBetween(400, 3000);
    return sample;
  }

  private BatchValidator.Result validate(ByteBuffer share) {
    return validator.validate(share, BatchLimits.DEFAULT, RandomBatches.NOW_MILLIS);
  }

  /** Everything but what the leader stamps; throws only what readers are told to expect. */
  private List<Object> content(ByteBuffer sequence) {
    List<Object> content = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(sequence);
    while (batches.next()) {
      BatchView batch = batches.batch();
      cursor.over(batch);
      while (cursor.next()) {
        content.add(cursor.offset() - batch.baseOffset());
        content.add(cursor.timestamp());
        content.add(copyOf(cursor.key()));
        content.add(copyOf(cursor.value()));
        content.add(cursor.headers());
      }
    }
    return content;
  }

  private static Object copyOf(@Nullable ByteBuffer bytes) {
    return bytes == null ? "absent" : Forged.copy(bytes);
  }

  @Test
  void b28_noFlippedBitIsTakenForTheContent() {
    ByteBuffer sample = sample();
    List<Object> content = content(sample);
    List<Integer> leaderFields = leaderFields(sample);
    for (int bit = 0; bit < sample.remaining() * 8; bit++) {
      ByteBuffer flipped = Forged.copy(sample);
      int at = bit / 8;
      flipped.put(at, (byte) (flipped.get(at) ^ 1 << bit % 8));

      if (leaderFields.contains(at)) {
        assertThat(validate(flipped)).as("byte %d", at).isInstanceOf(BatchValidator.Valid.class);
        assertThat(content(flipped)).isEqualTo(content);
      } else {
        assertThat(validate(flipped)).as("bit %d", bit).isInstanceOf(BatchValidator.Invalid.class);
        assertThat(refused(flipped)).as("bit %d", bit).isTrue();
      }
    }
  }

  /** The bytes that a leader writes without touching the checksum: those alone it does not see. */
  private static List<Integer> leaderFields(ByteBuffer sequence) {
    List<Integer> fields = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(sequence);
    while (batches.next()) {
      int message =
          batches.batch().position()
              + Forged.message(
                  batches
                      .batch()
                      .buffer()
                      .slice(batches.batch().position(), batches.batch().sizeBytes()));
      for (int i = 0; i < Long.BYTES; i++) {
        fields.add(message + BatchLayout.BASE_OFFSET + i);
        fields.add(message + BatchLayout.APPEND_TIMESTAMP + i);
      }
      for (int i = 0; i < Integer.BYTES; i++) {
        fields.add(message + BatchLayout.LEADER_EPOCH + i);
      }
    }
    return fields;
  }

  private boolean refused(ByteBuffer sequence) {
    try {
      content(sequence);
      return false;
    } catch (CorruptBatchException expected) {
      return true;
    }
  }

  @Test
  void b31_aCutAnywhereButBetweenBatchesIsRefused() {
    ByteBuffer sample = sample();
    List<Integer> ends = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(sample);
    while (batches.next()) {
      ends.add(batches.batch().position() + batches.batch().sizeBytes());
    }
    for (int size = 1; size < sample.remaining(); size++) {
      ByteBuffer cut = sample.slice(0, size);

      boolean between = ends.contains(size);
      assertThat(validate(cut) instanceof BatchValidator.Valid).as("%d", size).isEqualTo(between);
      assertThat(refused(cut)).as("%d", size).isEqualTo(!between);
    }
  }

  @Test
  void b31_bytesBehindTheLastBatchAreRefused() {
    ByteBuffer sample = sample();
    for (int each = 0; each < 256; each++) {
      ByteBuffer longer =
          RandomBatches.concatenate(List.of(sample, ByteBuffer.wrap(new byte[] {(byte) each})));

      assertThat(validate(longer)).isInstanceOf(BatchValidator.Invalid.class);
    }
  }

  /** A sender that lies knows how to compute a checksum. */
  @Test
  void whatIsLetInCanBeReadByUsAndByProtobufWhateverBitIsFlippedUnderAnHonestChecksum()
      throws InvalidProtocolBufferException {
    int accepted = 0;
    for (ByteBuffer batch : List.of(plain(3, 4), plain(7, 2), zstd())) {
      for (int bit = Forged.message(batch) * 8; bit < batch.remaining() * 8; bit++) {
        ByteBuffer flipped = Forged.copy(batch);
        flipped.put(bit / 8, (byte) (flipped.get(bit / 8) ^ 1 << bit % 8));
        accepted += assertConsistent(Forged.reseal(flipped)) ? 1 : 0;
      }
    }
    assertThat(accepted).isPositive();
  }

  @Test
  void whatIsLetInCanBeReadByUsAndByProtobufWhateverBytesAreWritten()
      throws InvalidProtocolBufferException {
    Random random = new Random(42);
    for (int round = 0; round < 20_000; round++) {
      ByteBuffer batch = round % 10 == 0 ? zstd() : plain(round % 100, 1 + round % 5);
      int start = Forged.message(batch) + BatchLayout.HEADER_END;
      for (int i = 0; i <= random.nextInt(3); i++) {
        int at = start + random.nextInt(batch.remaining() - start);
        batch.put(
            at, (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(8) * 8 + 2));
      }
      assertConsistent(Forged.reseal(batch));
    }
  }

  /** True when the batch was let in; nothing but the typed exception may come either way. */
  private boolean assertConsistent(ByteBuffer batch) throws InvalidProtocolBufferException {
    boolean letIn = validate(batch) instanceof BatchValidator.Valid;
    boolean refused = refused(batch);
    BatchView view = new BatchView();
    if (letIn && view.wrap(batch, 0).compressionId() == 0) {
      assertThat(refused).isFalse();
      assertThat(RecordSet.parseFrom(view.records()).getRecordCount())
          .isEqualTo(view.recordCount());
    }
    return letIn;
  }
}
