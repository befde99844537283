package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What one record costs a consumer, and what its batch costs a broker that only looks at heads. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DecodeBenchmark {
  private static final int RECORDS = 100;

  @Param({"100", "1024"})
  int valueBytes;

  private final BatchView view = new BatchView();
  private final RecordCursor cursor = new RecordCursor(1 << 20);
  private ByteBuffer batch = ByteBuffer.allocate(0);

  @Setup
  public void encode() {
    byte[] value = new byte[valueBytes];
    new Random(1).nextBytes(value);
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    for (int i = 0; i < RECORDS; i++) {
      if (!builder.tryAppend(1_700_000_000_000L + i, null, value, List.of())) {
        throw new IllegalStateException("the batch holds no " + RECORDS + " records");
      }
    }
    batch = builder.finish(Compressions.NONE);
  }

  /** Checks the batch as a client does, then walks its records. */
  @Benchmark
  @OperationsPerInvocation(RECORDS)
  public long record() {
    long sum = scan();
    cursor.over(view);
    while (cursor.next()) {
      sum += cursor.offset() + cursor.valueSize();
    }
    return sum;
  }

  /** As a broker does to a batch that comes in. */
  @Benchmark
  public long batchHeadAndChecksum() {
    return scan();
  }

  private int scan() {
    BatchScan found = view.scan(batch, batch.position(), batch.limit());
    if (found != BatchScan.WHOLE || !view.checksumMatches()) {
      throw new IllegalStateException("the batch is damaged: " + found);
    }
    return view.sizeBytes();
  }
}
