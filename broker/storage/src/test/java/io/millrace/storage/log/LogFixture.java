package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.ManualLoop;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.directory.StartState;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One broker's storage over some disk, on loops that the test turns by hand. */
public final class LogFixture {
  public static final PartitionName NAME = new PartitionName("orders~k3v9x2qa", 0);
  public static final int BROKER = 1;
  public static final String CLUSTER = "test-cluster";

  private static final Path MEMORY = Path.of("/memory");

  public final Disk disk;
  public final Path root;
  public ManualLoop owner = new ManualLoop("loop-0");
  public ManualLoop flush = new ManualLoop("flush");
  public ManualLoop housekeeping = new ManualLoop("housekeeping");
  public ManualLoop coldRead = new ManualLoop("cold-read");
  public LogConfig config = LogConfig.DEFAULT;
  public StoreConfig storeConfig = new StoreConfig(100, 5_000);
  public final List<Long> flushed = new ArrayList<>();
  public final List<Throwable> failures = new ArrayList<>();
  public final List<LogDamage> damages = new ArrayList<>();
  public final AtomicReference<Throwable> diskFailure = new AtomicReference<>();
  private @Nullable DataDirectory directory;
  private @Nullable LogStore store;
  private int incarnation;
  private boolean isRunDue;

  /** Over a twin that can be crashed. */
  public static LogFixture inMemory(MemoryDisk disk) {
    return new LogFixture(disk, MEMORY.resolve("data"));
  }

  public static MemoryDisk memoryDisk(long seed) {
    return new MemoryDisk(seed, MEMORY);
  }

  public LogFixture(Disk disk, Path root) {
    this.disk = disk;
    this.root = root;
  }

  /** Starts as a broker would; the run is recorded, in doubt by the first opening. */
  public LogStore start() throws IOException {
    owner = new ManualLoop("loop-0");
    flush = new ManualLoop("flush");
    housekeeping = new ManualLoop("housekeeping");
    coldRead = new ManualLoop("cold-read");
    DataDirectory.Opening opening = DataDirectory.open(disk, root, BROKER, new Random(1));
    assertThat(opening).isInstanceOf(DataDirectory.Opening.Opened.class);
    DataDirectory opened = ((DataDirectory.Opening.Opened) opening).directory();
    assertThat(opened.adopt(CLUSTER)).isEmpty();
    directory = opened;
    incarnation++;
    isRunDue = opened.startState() instanceof StartState.Doubtful;
    if (!isRunDue) {
      opened.recordRun(incarnation);
    }
    store = new LogStore(opened, flush, housekeeping, coldRead, storeConfig, diskFailure::set);
    return store;
  }

  public LogStore store() {
    if (store == null) {
      throw new IllegalStateException("not started");
    }
    return store;
  }

  public DataDirectory directory() {
    if (directory == null) {
      throw new IllegalStateException("not started");
    }
    return directory;
  }

  public LogOpening tryOpen() {
    LogListener listener =
        new LogListener() {
          @Override
          public void onFlushed(long flushedOffset) {
            flushed.add(flushedOffset);
          }

          @Override
          public void onDamaged(LogDamage damage) {
            damages.add(damage);
          }

          @Override
          public void onFailed(Throwable cause) {
            failures.add(cause);
          }
        };
    List<LogOpening> openings = new ArrayList<>();
    store().open(NAME, config, owner, listener, openings::add);
    settle();
    if (isRunDue) {
      recordRun(); // a broker in doubt does so once it knows what it has
    }
    return openings.get(0);
  }

  /** As a broker does, in doubt, also where there is nothing to open. */
  public void recordRun() {
    try {
      directory().recordRun(incarnation);
      isRunDue = false;
    } catch (DiskFullException e) {
      isRunDue = true; // a broker waits for room
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public PartitionLog open() {
    LogOpening opening = tryOpen();
    assertThat(opening).isInstanceOf(LogOpening.Opened.class);
    return ((LogOpening.Opened) opening).log();
  }

  public RecoveryReport reopenAndReport() throws IOException {
    start();
    LogOpening opening = tryOpen();
    assertThat(opening).isInstanceOf(LogOpening.Opened.class);
    return ((LogOpening.Opened) opening).recovery();
  }

  /** Lets all threads work until none has anything to do. */
  public void settle() {
    while (owner.hasTasks() || flush.hasTasks() || housekeeping.hasTasks() || coldRead.hasTasks()) {
      owner.runAll();
      housekeeping.runAll();
      coldRead.runAll();
      flush.runAll();
    }
  }

  /** Runs on the owner loop, with everything that comes of it. */
  public void onOwner(Body body) {
    ask(
        () -> {
          body.run();
          return true;
        });
    settle();
  }

  /** Runs on the owner loop, and only that. */
  public <T> T ask(Question<T> question) {
    List<Supplier<T>> answer = new ArrayList<>();
    owner.runAll();
    owner.execute(
        () -> {
          try {
            T value = question.get();
            answer.add(() -> value);
          } catch (IOException e) {
            answer.add(
                () -> {
                  throw new UncheckedIOException(e);
                });
          } catch (RuntimeException | AssertionError e) {
            answer.add(
                () -> {
                  throw e;
                });
          }
        });
    owner.runOne();
    return answer.get(0).get();
  }

  public interface Body {
    void run() throws IOException;
  }

  public interface Question<T> {
    T get() throws IOException;
  }

  public void beginEpoch(PartitionLog log, int epoch) {
    onOwner(() -> log.beginEpoch(epoch));
  }

  /** Appends, and expects it to work; returns the first base offset. */
  public long append(PartitionLog log, ByteBuffer... shares) {
    return ask(
        () -> {
          AppendResult result =
              log.append(List.of(shares), log.latestEpoch(), owner.clock().wallMillis());
          assertThat(result.failure()).isNull();
          return result.baseOffset(0);
        });
  }

  public void flushNow(PartitionLog log) {
    onOwner(log::requestFlush);
  }

  /** Everything from an offset on, read piece by piece as a consumer does. */
  public List<String> readAll(PartitionLog log, long from, int maxBytes) {
    return ask(
        () -> {
          List<String> records = new ArrayList<>();
          long next = from;
          while (log.read(next, maxBytes, log.endOffset()) instanceof ReadResult.Data data) {
            records.addAll(Batches.records(Batches.bytes(data.slice())));
            assertThat(data.nextOffset()).isGreaterThan(next);
            next = data.nextOffset();
          }
          assertThat(next).isEqualTo(log.endOffset());
          return records;
        });
  }

  /** The first record at or after a time, below an offset. */
  public Optional<TimedOffset> timeOf(PartitionLog log, long time, long visibleEnd) {
    List<TimeAnswer> answers = new ArrayList<>();
    onOwner(() -> log.findTime(time, visibleEnd, answers::add));
    assertThat(answers).hasSize(1).doesNotHaveAnyElementsOfTypes(TimeAnswer.Failed.class);
    return answers.get(0) instanceof TimeAnswer.Found found
        ? Optional.of(found.record())
        : Optional.empty();
  }

  /** Stops as a broker would; whether it was clean. */
  public boolean stop() {
    boolean[] clean = {false};
    store().close(incarnation, outcome -> clean[0] = outcome);
    settle();
    kill();
    return clean[0];
  }

  public Path partitionDirectory() {
    return root.resolve(NAME.directoryName());
  }

  public Path logFile(long baseOffset) {
    return DataPaths.log(partitionDirectory(), baseOffset);
  }

  public Path indexFile(long baseOffset) {
    return DataPaths.index(partitionDirectory(), baseOffset);
  }

  /** The process ends without a word. */
  public void kill() {
    directory().close();
    directory = null;
    store = null;
  }
}
