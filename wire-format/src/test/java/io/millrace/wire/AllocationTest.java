package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The hot paths leave nothing for the collector, whatever the number of records. */
class AllocationTest {
  private static final int RECORDS = 2000;
  private static final int ROUNDS = 50;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Per round, after the first have loaded their classes. */
  private static long bytesAllocatedBy(Runnable work) {
    for (int i = 0; i < ROUNDS; i++) {
      work.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < ROUNDS; i++) {
      work.run();
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
  }

  private final byte[] key = new byte[16];
  private final byte[] value = new byte[100];
  private final List<RecordHeader> headers = List.of(new RecordHeader("name", new byte[3]));
  private final BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);

  private ByteBuffer build() {
    builder.reset();
    for (int i = 0; i < RECORDS; i++) {
      if (!builder.tryAppend(i, key, value, headers)) {
        throw new AssertionError();
      }
    }
    return builder.finish(Compressions.NONE);
  }

  @Test
  void encodingAllocatesNothingForARecord() {
    assertThat(bytesAllocatedBy(this::build)).isLessThan(RECORDS / 4);
  }

  @Test
  void validatingAllocatesNothingForARecord() {
    ByteBuffer batch = build();
    BatchValidator validator = new BatchValidator();

    assertThat(bytesAllocatedBy(() -> validator.validate(batch, BatchLimits.DEFAULT, RECORDS)))
        .isLessThan(RECORDS / 4);
  }

  @Test
  void validatingAllocatesNothingForABatch() {
    ByteBuffer small = RandomBatches.encode(new RandomBatches(1).records(1), Compressions.NONE);
    ByteBuffer share = RandomBatches.concatenate(java.util.Collections.nCopies(1000, small));
    BatchValidator validator = new BatchValidator();

    assertThat(
            bytesAllocatedBy(
                () -> validator.validate(share, BatchLimits.DEFAULT, RandomBatches.NOW_MILLIS)))
        .isLessThan(300);
  }

  @Test
  void steppingOverRecordsAllocatesNothingForARecord() {
    BatchView batch = new BatchView().wrap(build(), 0);
    RecordCursor cursor = new RecordCursor(1 << 20);

    assertThat(
            bytesAllocatedBy(
                () -> {
                  cursor.over(batch);
                  while (cursor.next()) {
                    if (cursor.offset() + cursor.timestamp() < 0) {
                      throw new AssertionError();
                    }
                  }
                }))
        .isLessThan(RECORDS / 4);
  }
}
