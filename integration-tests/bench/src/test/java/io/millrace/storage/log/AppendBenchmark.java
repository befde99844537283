package io.millrace.storage.log;

import io.millrace.storage.files.NioDisk;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compressions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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

/** What one batch costs the log: offsets, epoch and time into its head, one write, the index. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AppendBenchmark {
  private static final int EPOCH = 1;

  /** After so much the log is begun anew, to stay in memory that has been used before. */
  private static final long MAX_LOG_BYTES = 256L << 20;

  @Param({"1024", "131072"})
  int batchBytes;

  private Path folder = Path.of("");
  private ByteBuffer batch = ByteBuffer.allocate(0);
  private LogFixture fixture = LogFixture.inMemory(LogFixture.memoryDisk(1));
  private PartitionLog log;
  private long appendedBytes;

  @Setup(Level.Trial)
  public void encode() throws IOException {
    folder = Files.createTempDirectory("append-benchmark-");
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocateDirect);
    boolean took = builder.tryAppend(1_700_000_000_000L, null, new byte[batchBytes], List.of());
    batch = builder.finish(Compressions.NONE);
    if (!took) {
      throw new IllegalStateException("no batch takes " + batchBytes + " bytes");
    }
    begin();
  }

  private void begin() throws IOException {
    appendedBytes = 0;
    Path root = Files.createTempDirectory(folder, "run-");
    fixture = new LogFixture(new NioDisk(), root.resolve("data"));
    fixture.start();
    log = fixture.open();
    fixture.onOwner(() -> log.beginEpoch(EPOCH));
    fixture.settle();
  }

  @Benchmark
  public AppendResult batch() throws IOException {
    appendedBytes += batchBytes;
    if (appendedBytes > MAX_LOG_BYTES) {
      end();
      begin();
    }
    return fixture.ask(() -> log.append(List.of(batch.duplicate()), EPOCH, 1_700_000_000_000L));
  }

  private void end() throws IOException {
    fixture.store().close(1, clean -> {});
    fixture.settle();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(folder)) {
          Files.delete(file);
        }
      }
    }
  }

  @TearDown(Level.Trial)
  public void remove() throws IOException {
    end();
    Files.deleteIfExists(folder);
  }
}
