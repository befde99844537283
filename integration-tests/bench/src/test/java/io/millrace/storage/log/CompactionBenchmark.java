package io.millrace.storage.log;

import io.millrace.storage.compaction.CompactionConfig;
import io.millrace.storage.compaction.CompactionPace;
import io.millrace.storage.files.NioDisk;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compressions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One pass of compaction over a log that was never compacted, and the joining of what is left,
 * without a bound on what may be read: how fast one core is, when the log is in the page cache. To
 * measure: {@code -p mebibytes=256 -f 1 -wi 2 -i 1}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CompactionBenchmark {
  private static final int EPOCH = 1;
  private static final int SEGMENT_BYTES = 4 << 20;
  private static final int BATCH_BYTES = 1 << 16;

  /** More than any pass takes. */
  private static final long MEMORY_BYTES = 1L << 30;

  @Param({"8"})
  int mebibytes;

  @Param({"100", "1024"})
  int valueBytes;

  /** Drawn at random for each record. */
  @Param({"1000", "100000"})
  int keys;

  private Path folder = Path.of("");
  private LogFixture fixture = LogFixture.inMemory(LogFixture.memoryDisk(1));
  private PartitionLog log;

  /** What an invocation has come to; JMH adds them up over iterations. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Figures {
    /** Of the log, which is read twice: once for the keys, once for the records. */
    public double logMebibytesPerSecond;

    public double mostKeyMemoryMebibytes;
    public double leftMebibytes;
  }

  @Setup(Level.Invocation)
  public void write() throws IOException {
    folder = Files.createTempDirectory("compaction-benchmark-");
    fixture = new LogFixture(new NioDisk(), folder.resolve("data"));
    fixture.config =
        new LogConfig(SEGMENT_BYTES, 1L << 40, 4096, 1000, 64 << 20)
            .withCompaction(new CompactionConfig(true, 0, -1, 0.5, 60_000));
    fixture.storeConfig =
        fixture.storeConfig.withCompaction(
            new CompactionPace(86_400_000, MEMORY_BYTES, Long.MAX_VALUE / 2_000_000_000L));
    fixture.start();
    log = fixture.open();
    fixture.onOwner(() -> log.beginEpoch(EPOCH));
    fixture.settle();
    SplittableRandom random = new SplittableRandom(1);
    byte[] value = new byte[valueBytes];
    random.nextBytes(value);
    for (long written = 0; written < (long) mebibytes << 20; ) {
      BatchBuilder builder = new BatchBuilder(BATCH_BYTES, BATCH_BYTES, ByteBuffer::allocate);
      while (builder.tryAppend(1_700_000_000_000L, key(random), value, List.of())) {
        // as many as it takes
      }
      ByteBuffer batch = builder.finish(Compressions.NONE);
      written += batch.remaining();
      fixture.ask(() -> log.append(List.of(batch), EPOCH, 1_700_000_000_000L));
    }
    fixture.flushNow(log);
    fixture.onOwner(() -> log.noteHighWatermark(log.endOffset()));
  }

  private byte[] key(SplittableRandom random) {
    return ("key-" + random.nextInt(keys)).getBytes(StandardCharsets.US_ASCII);
  }

  @Benchmark
  public CompactionOutcome pass(Figures figures) {
    long before = fixture.ask(() -> log.sizeBytes());
    long nanos = System.nanoTime();
    List<CompactionOutcome> outcomes = new ArrayList<>();
    fixture.store().compactNow(LogFixture.NAME, new Wish(outcomes));
    while (outcomes.isEmpty()) {
      fixture.settle();
      long memory = fixture.store().counters().compactionMemoryBytes();
      figures.mostKeyMemoryMebibytes =
          Math.max(figures.mostKeyMemoryMebibytes, memory / (double) (1 << 20));
      fixture.housekeeping.advanceMillis(1);
    }
    double seconds = (System.nanoTime() - nanos) / 1e9;
    figures.logMebibytesPerSecond = before / (double) (1 << 20) / seconds;
    if (!(outcomes.get(0) instanceof CompactionOutcome.Done done)) {
      throw new IllegalStateException("not compacted: " + outcomes);
    }
    figures.leftMebibytes = done.after().bytes() / (double) (1 << 20);
    return done;
  }

  private record Wish(List<CompactionOutcome> outcomes) implements CompactionWish {
    @Override
    public OptionalLong before() {
      return OptionalLong.empty();
    }

    @Override
    public void begun(long wantedTo) {
      // it is waited for
    }

    @Override
    public boolean isGivenUp() {
      return false;
    }

    @Override
    public void ended(CompactionOutcome outcome) {
      outcomes.add(outcome);
    }
  }

  @TearDown(Level.Invocation)
  public void remove() throws IOException {
    fixture.store().close(1, clean -> {});
    fixture.settle();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
