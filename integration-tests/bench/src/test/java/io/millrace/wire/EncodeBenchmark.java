package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What one record costs a producer: into the batch, and its share of finishing that. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EncodeBenchmark {
  private static final int BATCH_BYTES = 128 << 10;

  @Param({"100", "1024"})
  int valueBytes;

  @Param({"none", "zstd"})
  String compression = "";

  private final BatchBuilder builder =
      new BatchBuilder(BATCH_BYTES, BATCH_BYTES, ByteBuffer::allocate);
  private byte[] value = {};
  private Compression codec = Compressions.NONE;

  @Setup
  public void fill() {
    value = new byte[valueBytes];
    // Half random: as compressible as text, about.
    new Random(1).nextBytes(value);
    Arrays.fill(value, 0, valueBytes / 2, (byte) 'a');
    codec = Compressions.named(compression);
  }

  @Benchmark
  public int record() {
    if (!builder.tryAppend(1_700_000_000_000L, null, value, List.of())) {
      int size = builder.finish(codec).remaining();
      builder.reset();
      return size;
    }
    return builder.recordCount();
  }
}
