package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.PageCache;
import io.millrace.storage.directory.StartState;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** F15, R21: after a failed force neither this process nor the next believes the page cache. */
class FailedForceTest {
  private MemoryDisk disk;
  private LogFixture fixture;
  private Path runFile;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(3);
    fixture = LogFixture.inMemory(disk);
    fixture.start();
    fixture.recordRun();
    runFile = fixture.root.resolve("run");
  }

  /** "a" is on the disk, "b" is not, though the page cache has it and calls it written. */
  private void failAForce() {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 1);
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    fixture.housekeeping.advanceMillis(5_000); // a checkpoint
    fixture.settle();
    fixture.append(log, Batches.single("b"));
    disk.failForce(fixture.logFile(0));
    fixture.flushNow(log);
    assertThat(fixture.diskFailure.get()).isNotNull();
    assertThat(fixture.failures).hasSize(1);
  }

  private LogFixture afterKill() {
    disk.killProcess();
    return LogFixture.inMemory(disk);
  }

  private DataDirectory openDirectory() {
    return ((DataDirectory.Opening.Opened)
            DataDirectory.open(disk, fixture.root, LogFixture.BROKER, new Random(2)))
        .directory();
  }

  @Test
  @DisplayName("F-1: the next start on the same boot is in doubt, and says why")
  void f15_theNextStartIsInDoubt() {
    failAForce();
    disk.killProcess();
    DataDirectory directory = openDirectory();
    assertThat(directory.startState()).isInstanceOf(StartState.Doubtful.class);
    assertThat(((StartState.Doubtful) directory.startState()).why())
        .contains("disk failed to keep what was written");
    assertThat(directory.pageCacheOf(LogFixture.NAME)).isEqualTo(PageCache.DOUBTED);
  }

  @Test
  @DisplayName("F-1: what the next life calls flushed is there after a power loss")
  void f15_whatOnlyThePageCacheHadIsWrittenAnewBeforeItCountsAsFlushed() throws IOException {
    failAForce();
    LogFixture next = afterKill();
    next.start();
    PartitionLog log = next.open();
    assertThat(next.readAll(log, 0, 1 << 20)).containsExactly("0:a", "1:b");
    assertThat(next.<Long>ask(log::flushedOffset)).isEqualTo(2);

    disk.losePower(1);
    LogFixture last = LogFixture.inMemory(disk);
    last.start();
    assertThat(last.readAll(last.open(), 0, 1 << 20)).containsExactly("0:a", "1:b");
  }

  @Test
  @DisplayName("F-1: pages that the kernel has let go are a crash's loss, not damage")
  void f15_whatThePageCacheLostTooIsCut() throws IOException {
    failAForce();
    LogFixture next = afterKill();
    disk.evictFailed();
    next.start();
    PartitionLog log = next.open();
    assertThat(next.readAll(log, 0, 1 << 20)).containsExactly("0:a");
    assertThat(next.append(log, Batches.single("c"))).isEqualTo(1);
  }

  @Test
  @DisplayName("F-1: epochs whose names were never made durable are written anew too")
  void f15_writesTheEpochsAnew() throws IOException {
    failAForce();
    Path epochs = DataPaths.leaderEpochs(fixture.partitionDirectory());
    MemoryDisk durable = disk.copy(9);
    durable.losePower(1);
    byte[] before = durable.contents(epochs);
    LogFixture next = afterKill();
    next.start();
    next.open();
    disk.losePower(1);
    assertThat(disk.contents(epochs)).isEqualTo(before);
  }

  @Test
  @DisplayName("F-1, F16: where the run cannot be replaced for lack of room, it is deleted")
  void f15_deletesTheRunWhereItCannotBeReplaced() {
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.CREATE && path.equals(DataPaths.unfinished(runFile))) {
            throw new DiskFullException("no space left");
          }
        });
    failAForce();
    assertThat(disk.kind(runFile)).isEqualTo(FileKind.ABSENT);
    disk.killProcess();
    assertThat(openDirectory().startState()).isInstanceOf(StartState.Doubtful.class);
  }

  @Test
  @DisplayName("F-1: where nothing can be changed at all, recovery still writes the tail anew")
  void f15_isSafeToForceEvenWhenNothingCouldBeMarked() throws IOException {
    disk.setFaults(
        (operation, path) -> {
          boolean isRun = path.equals(runFile) || path.equals(DataPaths.unfinished(runFile));
          if (isRun && operation.changes()) {
            throw new IOException("Read-only file system");
          }
        });
    failAForce();
    LogFixture next = afterKill();
    next.start();
    next.open();
    disk.losePower(1);
    LogFixture last = LogFixture.inMemory(disk);
    last.start();
    assertThat(last.readAll(last.open(), 0, 1 << 20)).containsExactly("0:a", "1:b");
  }

  @Test
  @DisplayName("F-1: a log that the life after did not open is doubted still in the one after that")
  void f15_doubtOutlivesALifeThatDidNotOpenTheLog() throws IOException {
    failAForce();
    LogFixture next = afterKill();
    next.start();
    next.recordRun(); // and opens nothing
    disk.killProcess();
    DataDirectory directory = openDirectory();
    assertThat(directory.startState()).isInstanceOf(StartState.ProcessCrash.class);
    assertThat(directory.pageCacheOf(LogFixture.NAME)).isEqualTo(PageCache.DOUBTED);
  }

  @Test
  @DisplayName("F-1, B88: no clean stop, and no run recorded, once a force has failed")
  void f15_nothingIsVouchedForInTheSameLife() {
    failAForce();
    assertThat(fixture.store().failure()).isNotNull();
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(() -> fixture.directory().recordRun(7)))
        .isInstanceOf(IOException.class);
    assertThat(fixture.stop()).isFalse();
    disk.killProcess();
    assertThat(openDirectory().startState()).isInstanceOf(StartState.Doubtful.class);
  }
}
