package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.NioDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything at once, on real threads and a real disk. */
class RealThreadsTest {
  private static final int LOGS = 4;
  private static final int TURNS = 150;

  @TempDir Path folder;

  private final Tasks tasks = new SystemTasks();
  private final List<Tasks.Worker> workers = new ArrayList<>();
  private final AtomicReference<Throwable> diskFailure = new AtomicReference<>();

  private Tasks.Worker worker(String name) {
    Tasks.Worker worker = tasks.worker(name);
    workers.add(worker);
    return worker;
  }

  @AfterEach
  void stopThreads() throws InterruptedException {
    workers.forEach(Tasks.Worker::stop);
    for (Tasks.Worker worker : workers) {
      assertThat(worker.awaitStopped(TimeUnit.SECONDS.toNanos(20))).isTrue();
    }
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private LogStore start(int incarnation) throws IOException {
    DataDirectory.Opening opening =
        DataDirectory.open(new NioDisk(), folder.resolve("data"), 1, tasks.random());
    DataDirectory directory = ((DataDirectory.Opening.Opened) opening).directory();
    assertThat(directory.adopt("cluster")).isEmpty();
    directory.recordRun(incarnation);
    return new LogStore(
        directory,
        worker("flush"),
        worker("housekeeping"),
        new StoreConfig(3, 20),
        diskFailure::set);
  }

  /** One log on its loop: appends, reads what it appended, and waits for the disk. */
  private static final class User implements LogListener {
    private final Tasks.Worker loop;
    private final PartitionName name;
    private final CompletableFuture<Void> allFlushed = new CompletableFuture<>();
    private @Nullable PartitionLog opened;
    private int turns;

    User(Tasks.Worker loop, int partition) {
      this.loop = loop;
      this.name = new PartitionName("orders~k3v9x2qa", partition);
    }

    void open(LogStore store, Consumer<PartitionLog> then) {
      LogConfig config = new LogConfig(20_000, 1L << 40, 500, 5, 50_000);
      store.open(
          name,
          config,
          loop,
          this,
          opening -> {
            PartitionLog log = ((LogOpening.Opened) opening).log();
            opened = log;
            then.accept(log);
          });
    }

    void work(PartitionLog log) {
      log.beginEpoch(1);
      turn();
    }

    private void turn() {
      try {
        PartitionLog log = Objects.requireNonNull(opened);
        AppendResult result =
            log.append(
                List.of(Batches.single("turn " + turns), Batches.single("x".repeat(1000))),
                1,
                loop.clock().wallMillis());
        assertThat(result.failure()).isNull();
        ReadResult.Data data =
            (ReadResult.Data) log.read(Math.max(0, 2 * turns - 9), 700, log.endOffset());
        assertThat(Batches.records(Batches.bytes(data.slice()))).isNotEmpty();
        if (turns % 3 == 0) {
          log.requestFlush();
        }
        if (++turns < TURNS) {
          loop.execute(this::turn);
        }
      } catch (IOException | RuntimeException | AssertionError e) {
        allFlushed.completeExceptionally(e);
      }
    }

    @Override
    public void onFlushed(long flushedOffset) {
      if (flushedOffset == 2L * TURNS) {
        allFlushed.complete(null);
      }
    }

    @Override
    public void onFailed(Throwable cause) {
      allFlushed.completeExceptionally(cause);
    }
  }

  @Test
  void appendsReadsFlushesAndClosesOnManyLogsAtOnce() throws Exception {
    LogStore store = start(1);
    List<Tasks.Worker> loops = List.of(worker("loop-0"), worker("loop-1"));
    List<User> users = new ArrayList<>();
    for (int i = 0; i < LOGS; i++) {
      users.add(new User(loops.get(i % 2), i));
    }
    users.forEach(user -> user.open(store, user::work));
    for (User user : users) {
      await(user.allFlushed);
    }
    CompletableFuture<Boolean> clean = new CompletableFuture<>();
    store.close(1, clean::complete);
    assertThat(await(clean)).isTrue();
    store.directory().close();

    List<Finding> findings = new ArrayList<>();
    LogVerify.Summary summary =
        new LogVerify(new NioDisk(), findings::add).verify(folder.resolve("data"));
    assertThat(findings).isEmpty();
    assertThat(summary.records()).isEqualTo(2L * LOGS * TURNS);

    LogStore again = start(2);
    User user = new User(loops.get(0), 0);
    CompletableFuture<Long> end = new CompletableFuture<>();
    user.open(again, log -> end.complete(log.endOffset()));
    assertThat(await(end)).isEqualTo(2L * TURNS);
    CompletableFuture<Boolean> cleanAgain = new CompletableFuture<>();
    again.close(2, cleanAgain::complete);
    assertThat(await(cleanAgain)).isTrue();
    again.directory().close();
    assertThat(diskFailure).hasNullValue();
  }
}
