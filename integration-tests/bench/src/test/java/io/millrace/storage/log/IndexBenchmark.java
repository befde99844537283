package io.millrace.storage.log;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Where a fetch begins to read, in the index of a full segment. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class IndexBenchmark {
  private static final int GAP_BYTES = 256 << 10;
  private static final int GAP_RECORDS = 250;

  private final SparseIndex index = new SparseIndex(SparseIndex.MAX_ENTRIES);

  /** Another offset each time, so that the processor does not learn the way. */
  private int step;

  @Setup
  public void fill() {
    for (int i = 1; i < SparseIndex.MAX_ENTRIES; i++) {
      index.add(i * GAP_RECORDS, i * GAP_BYTES, 1_700_000_000_000L + i);
    }
  }

  @Benchmark
  public int positionOfAnOffset() {
    step = step * 1_103_515_245 + 12_345;
    int wanted = (step >>> 1) % (SparseIndex.MAX_ENTRIES * GAP_RECORDS);
    int entry = index.floorByOffset(wanted);
    return entry < 0 ? 0 : index.position(entry);
  }

  @Benchmark
  public int positionOfATime() {
    step = step * 1_103_515_245 + 12_345;
    int entry = index.floorByTime(1_700_000_000_000L + (step >>> 1) % SparseIndex.MAX_ENTRIES);
    return entry < 0 ? 0 : index.position(entry);
  }
}
