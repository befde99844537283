package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("after the end of the process only what was not forced is forced again")
class QuietLogRestartTest {
  private static final LogListener DEAF =
      new LogListener() {
        @Override
        public void onFlushed(long flushedOffset) {}

        @Override
        public void onFailed(Throwable cause) {}
      };

  private final MemoryDisk disk = LogFixture.memoryDisk(1);
  private final LogFixture fixture = LogFixture.inMemory(disk);
  private final List<String> forced = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    fixture.start();
    noteForces();
  }

  private void noteForces() {
    forced.clear();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.SYNC_DIRECTORY || operation == DiskOperation.FORCE) {
            forced.add(String.valueOf(path.getFileName()));
          }
        });
  }

  private PartitionLog openWith(String... records) {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 1);
    for (String record : records) {
      fixture.append(log, Batches.single(record));
    }
    fixture.flushNow(log);
    checkpoint();
    return log;
  }

  private void checkpoint() {
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
  }

  /** The process dies; a broker that starts again opens the log. */
  private PartitionLog restart() throws IOException {
    disk.killProcess();
    fixture.start();
    noteForces();
    return fixture.open();
  }

  private void losePower() throws IOException {
    disk.losePower(1);
    fixture.start();
  }

  @Test
  void forcesNothingOfALogThatEndsAtItsRecoveryPoint() throws IOException {
    openWith("one", "two");
    PartitionLog log = restart();
    assertThat(forced).isEmpty();
    assertThat(fixture.readAll(log, 0, 1 << 20)).containsExactly("0:one", "1:two");
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(2);
  }

  @Test
  void forcesWhatIsAboveTheRecoveryPoint() throws IOException {
    PartitionLog before = openWith("one");
    fixture.append(before, Batches.single("two"));
    restart();
    assertThat(forced).contains("00000000000000000000.log", LogFixture.NAME.directoryName());
    losePower();
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).containsExactly("0:one", "1:two");
  }

  @Test
  @DisplayName("a flush that the checkpoint does not know of yet is not believed")
  void forcesWhatTheCheckpointDoesNotKnowOf() throws IOException {
    PartitionLog before = openWith("one");
    fixture.append(before, Batches.single("two"));
    fixture.flushNow(before);
    restart();
    assertThat(forced).contains("00000000000000000000.log");
  }

  @Test
  @DisplayName("logs that nobody ever wrote to cost no force either, once a checkpoint has them")
  void forcesNothingOfEmptyLogs() throws IOException {
    List<LogOpening> opened = new ArrayList<>();
    openMany(opened);
    fixture.recordRun();
    checkpoint();
    disk.killProcess();
    fixture.start();
    noteForces();
    openMany(opened);
    assertThat(opened).hasSize(100).allMatch(LogOpening.Opened.class::isInstance);
    assertThat(forced).isEmpty();
    losePower();
    openMany(opened);
    assertThat(opened).hasSize(150).allMatch(LogOpening.Opened.class::isInstance);
  }

  @Test
  @DisplayName("a broker that leads thousands of idle logs begins an epoch of each at every start")
  void forcesNothingForAnEpochInWhichNothingIsWritten() throws IOException {
    openWith("one");
    PartitionLog log = restart();
    fixture.beginEpoch(log, 2);
    fixture.owner.advanceMillis(60_000);
    fixture.settle();
    assertThat(forced).isEmpty();

    fixture.append(log, Batches.single("two"));
    fixture.flushNow(log);
    assertThat(forced).contains("leader-epochs.tmp");
    losePower();
    assertThat(fixture.ask(fixture.open()::latestEpoch)).isEqualTo(2);
  }

  @Test
  void aCleanStopNeedsNoEpochInWhichNothingWasWritten() throws IOException {
    openWith("one");
    PartitionLog log = restart();
    fixture.append(log, Batches.single("two"));
    fixture.beginEpoch(log, 2);
    fixture.flushNow(log);
    noteForces();
    assertThat(fixture.stop()).isTrue();
    assertThat(forced).doesNotContain("leader-epochs.tmp");

    assertThat(fixture.reopenAndReport().clean()).isTrue();
  }

  @Test
  @DisplayName("4.3: what is forced of an epoch that the list does not name does not count")
  void countsNoRecordThatCameAfterTheFlushOfAnEmptyEpochBegan() throws IOException {
    PartitionLog log = openWith("one");
    fixture.append(log, Batches.single("two"));
    fixture.beginEpoch(log, 2);
    fixture.ask(
        () -> {
          log.requestFlush();
          return 0;
        });
    fixture.append(log, Batches.single("three")); // before the worker forces
    fixture.flush.runAll();
    fixture.owner.runAll();
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(2);

    fixture.flushNow(log);
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(3);
  }

  private void openMany(List<LogOpening> opened) {
    for (int i = 0; i < 50; i++) {
      PartitionName name = new PartitionName("many~k3v9x2qa", i);
      fixture.store().open(name, LogConfig.DEFAULT, fixture.owner, DEAF, opened::add);
    }
    fixture.settle();
  }

  @Test
  @DisplayName("a checkpoint names no log whose first file is on no disk yet")
  void syncsNewLogsBeforeACheckpointNamesThem() throws IOException {
    List<LogOpening> opened = new ArrayList<>();
    PartitionName name = new PartitionName("many~k3v9x2qa", 0);
    fixture.store().open(name, LogConfig.DEFAULT, fixture.owner, DEAF, opened::add);
    fixture.housekeeping.advanceMillis(5_000); // the checkpoint is due before the names' sync
    fixture.housekeeping.runAll();
    assertThat(forced).containsSubsequence(name.directoryName(), "checkpoint.tmp");
  }

  @Test
  @DisplayName(
      "a new segment's name is forced with the first flush, though it was taken as it stood")
  void forcesTheNamesWithTheNextFlush() throws IOException {
    PartitionLog before = openWith("one", "two");
    before.retainLater(Long.MAX_VALUE);
    fixture.owner.runOne(); // closes the old segment; the process dies before the flush
    assertThat(disk.kind(fixture.logFile(2))).isEqualTo(FileKind.FILE);
    PartitionLog log = restart();
    assertThat(forced).doesNotContain("00000000000000000002.log");
    fixture.append(log, Batches.single("three")); // in the epoch before, as a follower copies
    fixture.flushNow(log);
    List<String> records = fixture.readAll(log, 0, 1 << 20);
    losePower();
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).isEqualTo(records);
  }

  @Test
  @DisplayName("F15: after a failed force nothing is believed to be on the disk")
  void f15_forcesAllAfterAFailedForce() throws IOException {
    PartitionLog before = openWith("one");
    disk.failForce(fixture.logFile(0));
    fixture.append(before, Batches.single("two"));
    fixture.flushNow(before);
    assertThat(fixture.diskFailure.get()).isNotNull();
    restart();
    assertThat(forced).contains("00000000000000000000.log");
  }

  @Test
  @DisplayName("a log that is opened again after a failure in use is written to, quiet or not")
  void writesToALogThatFailedInUse() throws IOException {
    openWith("one");
    fixture.store().letGo(LogFixture.NAME, () -> {});
    fixture.settle();
    forced.clear();
    fixture.open();
    assertThat(forced).contains("00000000000000000000.log");
  }

  @Test
  @DisplayName("a log whose opening failed is written to when it is opened after all")
  void writesToALogWhoseOpeningFailed() throws IOException {
    openWith("one");
    disk.killProcess();
    fixture.start();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.OPEN && path.equals(fixture.logFile(0))) {
            throw new IOException("I/O error");
          }
        });
    assertThat(fixture.tryOpen()).isInstanceOf(LogOpening.Offline.class);
    noteForces();
    fixture.open();
    assertThat(forced).contains("00000000000000000000.log");
  }

  @Test
  @DisplayName("its index is made whole, though not forced")
  void completesTheIndex() throws IOException {
    fixture.config = new LogConfig(1 << 20, 60_000, 64, 1_000, 1 << 20);
    openWith("one", "two", "three", "four");
    restart();
    assertThat(forced).isEmpty();
    IndexFile.Content index =
        IndexFile.load(disk, fixture.indexFile(0), 0, Long.MAX_VALUE, SparseIndex.MAX_ENTRIES);
    assertThat(index.problem()).isNull();
    assertThat(index.index().count()).isPositive();
  }
}
