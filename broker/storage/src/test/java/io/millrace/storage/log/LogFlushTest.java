package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.ForceFailedException;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.AppendResult.AppendFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogFlushTest {
  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 0);
    fixture.flushNow(log);
    fixture.flushed.clear();
  }

  private long flushedOffset() {
    return fixture.ask(() -> log.flushedOffset());
  }

  private List<Path> countForces() {
    List<Path> forced = new ArrayList<>();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.FORCE) {
            forced.add(path);
          }
        });
    return forced;
  }

  @Test
  void tellsWhatIsOnDiskOnlyOnceItIs() {
    fixture.append(log, Batches.single("a"));
    fixture.ask(
        () -> {
          log.requestFlush();
          return 0;
        });
    assertThat(flushedOffset()).isZero();
    fixture.settle();
    assertThat(flushedOffset()).isEqualTo(1);
    assertThat(fixture.flushed).containsExactly(1L);
  }

  @Test
  @DisplayName("group commit: whoever comes while a force runs shares the next one")
  void sharesAForceAmongAllWhoCameBeforeItBegan() {
    fixture.append(log, Batches.single("first")); // its epoch is written with it
    fixture.flushNow(log);
    fixture.flushed.clear();
    List<Path> forced = countForces();
    fixture.append(log, Batches.single("a"));
    ask();
    for (int i = 0; i < 50; i++) {
      fixture.append(log, Batches.single("b" + i));
      ask();
    }
    fixture.flush.runAll(); // one force, of all that was there when it began
    for (int i = 0; i < 50; i++) {
      fixture.append(log, Batches.single("c" + i));
      ask();
    }
    fixture.settle();
    assertThat(forced).hasSize(2);
    assertThat(fixture.flushed).containsExactly(52L, 102L);
  }

  private void ask() {
    fixture.ask(
        () -> {
          log.requestFlush();
          return 0;
        });
  }

  @Test
  void forcesNothingWhenNothingIsDirty() {
    List<Path> forced = countForces();
    fixture.flushNow(log);
    assertThat(forced).isEmpty();
  }

  @Test
  void forcesWhatNobodyAskedForWithinASecond() {
    fixture.append(log, Batches.single("a"));
    fixture.owner.advanceMillis(999);
    fixture.settle();
    assertThat(flushedOffset()).isZero();
    fixture.owner.advanceMillis(1);
    fixture.settle();
    assertThat(flushedOffset()).isEqualTo(1);
    assertThat(fixture.owner.pendingTimers()).isZero();
  }

  @Test
  void forcesAtOnceWhenMuchIsDirty() {
    fixture.onOwner(() -> log.configure(new LogConfig(1 << 20, 1 << 30, 4096, 1000, 10_000)));
    fixture.append(log, Batches.single("x".repeat(9_000)));
    fixture.settle();
    assertThat(flushedOffset()).isZero();
    fixture.append(log, Batches.single("x".repeat(2_000)));
    fixture.settle();
    assertThat(flushedOffset()).isEqualTo(2);
  }

  @Test
  void refusesAnEpochThatHasNotBegun() {
    assertThatThrownBy(() -> fixture.ask(() -> log.append(List.of(Batches.single("a")), 5, 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("epoch 5");
  }

  @Test
  @DisplayName("4.3: an epoch takes appends at once, and is written before they count as flushed")
  void namesTheEpochBeforeItsFirstRecordCountsAsFlushed() {
    List<Path> forced = countForces();
    fixture.beginEpoch(log, 5);
    fixture.append(log, Batches.single("a"));
    assertThat(forced).isEmpty();
    fixture.flushNow(log);
    assertThat(flushedOffset()).isEqualTo(1);
    assertThat(forced)
        .containsSubsequence(
            fixture.partitionDirectory().resolve("leader-epochs.tmp"), fixture.logFile(0));
  }

  @Test
  @DisplayName("4.3: a force that takes in the first records of a new epoch does not count them")
  void countsNoRecordOfALeaderBeforeItsEpochIsOnDisk() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.ask(
        () -> {
          log.requestFlush(); // its job is made now, and runs when more has come
          return 0;
        });
    fixture.ask(
        () -> {
          log.beginEpoch(5);
          return log.append(List.of(Batches.single("b")), 5, 0);
        });
    fixture.flush.runAll();
    fixture.owner.runAll();
    assertThat(flushedOffset()).isEqualTo(1);

    fixture.flushNow(log);
    assertThat(flushedOffset()).isEqualTo(2);
    disk.losePower(1);
    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(fixture.<Integer>ask(() -> again.epochAt(1))).isEqualTo(5);
  }

  @Test
  @DisplayName("4.3: batches of an epoch that no file names tell of it themselves at a recovery")
  void learnsAnEpochFromItsBatchesWhereThePowerFailsBeforeItIsWritten() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    fixture.housekeeping.advanceMillis(5_000); // a checkpoint: the recovery point is 1
    fixture.settle();
    fixture.beginEpoch(log, 5);
    fixture.append(log, Batches.single("b"));
    fixture.append(log, Batches.single("c"));
    disk.losePower(0); // the kernel has written the data back, the list was never written
    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(fixture.readAll(again, 0, 1 << 20)).containsExactly("0:a", "1:b", "2:c");
    assertThat(fixture.<Integer>ask(() -> again.epochAt(2))).isEqualTo(5);
    assertThat(fixture.ask(() -> again.endOffsetForEpoch(4))).isEqualTo(new EpochEnd(0, 1));

    disk.losePower(1); // what recovery has learned is on disk
    fixture.start();
    PartitionLog third = fixture.open();
    assertThat(fixture.<Integer>ask(() -> third.epochAt(1))).isEqualTo(5);
  }

  @Test
  @DisplayName(
      "4.3, B77: an epoch in which nothing was written is left out of what is compared only")
  void remembersAnEpochInWhichNothingWasWrittenAsSeen() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    fixture.beginEpoch(log, 9);
    assertThat(fixture.ask(() -> log.endOffsetForEpoch(9))).isEqualTo(new EpochEnd(9, 1));
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    disk.losePower(1);
    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(fixture.<Integer>ask(again::highestEpochSeen)).isEqualTo(9);
    assertThat(fixture.ask(() -> again.endOffsetForEpoch(9))).isEqualTo(new EpochEnd(0, 1));
  }

  @Test
  @DisplayName("4.3: what is forced while only the start is written does not count for a new epoch")
  void countsNoRecordOfAnEpochThatCouldNotBeListedWithTheStart() {
    fixture.append(log, Batches.single("a"));
    fixture.append(log, Batches.single("b"));
    fixture.flushNow(log);
    fixture.beginEpoch(log, 9);
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.CREATE) {
            throw new DiskFullException(path + ": no space left");
          }
        });
    fixture.onOwner(() -> log.trim(1, 2, result -> {})); // its job is made with nothing in epoch 9
    fixture.append(log, Batches.single("c"));
    fixture.settle();
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(2);

    disk.setFaults(DiskFaults.NONE);
    fixture.flushNow(log);
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(3);
  }

  @Test
  @DisplayName("f15, r21: after a failed force nothing is forced again, and no log takes anything")
  void f15_isFinishedAfterAFailedForce() {
    fixture.append(log, Batches.single("a"));
    disk.failForce(fixture.logFile(0));
    fixture.flushNow(log);

    assertThat(fixture.diskFailure.get()).isInstanceOf(ForceFailedException.class);
    assertThat(fixture.failures).hasSize(1);
    assertThat(flushedOffset()).isZero();
    assertThat(fixture.flushed).isEmpty();
    List<Path> forced = countForces();
    fixture.flushNow(log);
    fixture.owner.advanceMillis(5_000);
    fixture.settle();
    assertThat(forced).isEmpty();
    AppendResult result = fixture.ask(() -> log.append(List.of(Batches.single("b")), 0, 0));
    assertThat(result.failure()).isInstanceOf(AppendFailure.Broken.class);
    assertThat(result.baseOffset(0)).isEqualTo(AppendResult.NOT_APPENDED);
    assertThat(fixture.stop()).isFalse();
    assertThat(disk.kind(fixture.root.resolve("clean-shutdown")).name()).isEqualTo("ABSENT");
  }

  @Test
  @DisplayName("f16: a full disk refuses what does not fit, whole, and recovers with space")
  void f16_refusesWhatDoesNotFit() throws IOException {
    fixture.append(log, Batches.single("a"));
    disk.limitBytes(usedBytes() + 500);
    ByteBuffer large = Batches.concat(Batches.single("b"), Batches.single("c".repeat(1000)));
    AppendResult result = fixture.ask(() -> log.append(List.of(large.duplicate()), 0, 0));
    assertThat(result.failure()).isInstanceOf(AppendFailure.DiskFull.class);
    assertThat(result.baseOffset(0)).isEqualTo(AppendResult.NOT_APPENDED);
    assertThat(fixture.append(log, Batches.single("small"))).isEqualTo(1);

    disk.limitBytes(Long.MAX_VALUE);
    assertThat(fixture.append(log, large.duplicate())).isEqualTo(2);
    fixture.flushNow(log);
    disk.losePower(1);
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).hasSize(4);
    assertThat(fixture.failures).isEmpty();
  }

  @Test
  @DisplayName("f16: the refusal says where and what to do, and an append finds its place again")
  void f16_saysWhereAndWhatToDo() {
    disk.limitBytes(usedBytes());
    for (int i = 0; i < 3; i++) {
      AppendResult result = fixture.ask(() -> log.append(List.of(Batches.single("b")), 0, 0));
      assertThat(result.failure())
          .isInstanceOfSatisfying(
              AppendFailure.DiskFull.class,
              full ->
                  assertThat(full.why())
                      .contains(fixture.logFile(0).toString())
                      .contains("free some space"));
    }
    assertThat(fixture.store().counters().refusedForSpace()).isEqualTo(3);
    assertThat(fixture.store().isDiskFull()).isTrue();
    lookAtTheDisk();
    assertThat(fixture.store().isDiskFull()).isTrue();
    disk.limitBytes(Long.MAX_VALUE);
    long refused = fixture.store().counters().refusedForSpace();
    assertThat(fixture.append(log, Batches.single("b"))).isZero();
    lookAtTheDisk();
    assertThat(fixture.store().isDiskFull()).isFalse();
    assertThat(fixture.store().counters().refusedForSpace()).isEqualTo(refused);
  }

  @Test
  @DisplayName(
      "f16: a disk that is full when the checkpoint is due loses nothing but the checkpoint")
  void f16_goesOnWithoutACheckpoint() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    disk.limitBytes(usedBytes());
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    assertThat(fixture.diskFailure.get()).isNull();
    disk.limitBytes(Long.MAX_VALUE);
    disk.losePower(1);
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).containsExactly("0:a");
  }

  private void lookAtTheDisk() {
    for (int i = 0; i < 4; i++) {
      fixture.housekeeping.advanceMillis(1_000);
      fixture.settle();
    }
  }

  private long usedBytes() {
    disk.limitBytes(1 << 30);
    return (1 << 30) - disk.usableBytes(fixture.root);
  }

  @Test
  @DisplayName("f16: of a turn that only partly fits, the shares before the roll are in the log")
  void f16_namesWhichSharesAreInTheLog() {
    fixture.onOwner(() -> log.configure(LogConfig.DEFAULT.withSegmentBytes(2000)));
    disk.limitBytes(usedBytes() + 1700);
    AppendResult result =
        fixture.ask(
            () ->
                log.append(
                    List.of(
                        Batches.single("a"),
                        Batches.single("b".repeat(1200)),
                        Batches.single("c".repeat(1200))),
                    0,
                    0));
    assertThat(result.baseOffset(0)).isZero();
    assertThat(result.baseOffset(1)).isEqualTo(1);
    assertThat(result.baseOffset(2)).isEqualTo(AppendResult.NOT_APPENDED);
    assertThat(result.failure()).isInstanceOf(AppendFailure.DiskFull.class);
    assertThat(fixture.readAll(log, 0, 1 << 20)).hasSize(2);
  }

  @Test
  @DisplayName("f16: a full disk does not stop epochs, flushes and closing for ever")
  void f16_triesAgainToWriteEpochsOnAFullDisk() {
    fixture.beginEpoch(log, 4);
    fixture.append(log, Batches.single("a"));
    disk.limitBytes(usedBytes());
    fixture.flushNow(log);
    assertThat(flushedOffset()).isZero();
    assertThat(fixture.failures).isEmpty();
    disk.limitBytes(Long.MAX_VALUE);
    fixture.owner.advanceMillis(1000);
    fixture.settle();
    assertThat(flushedOffset()).isEqualTo(1);
  }

  @Test
  void f16_recoversOnAFullDisk() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    disk.losePower(1);
    fixture.start();
    disk.limitBytes(usedBytes());
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).containsExactly("0:a");
  }

  @Test
  @DisplayName("f16: a disk that fails in the middle of a write takes the log offline")
  void goesOfflineWhenAWriteFails() {
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.WRITE) {
            throw new IOException("Input/output error");
          }
        });
    AppendResult result = fixture.ask(() -> log.append(List.of(Batches.single("b")), 0, 0));
    assertThat(result.failure()).isInstanceOf(AppendFailure.Broken.class);
    assertThat(fixture.failures).hasSize(1);
    assertThat(fixture.ask(() -> log.failure())).isPresent();
  }

  @Test
  void remembersHighWatermarkAndHighestEpoch() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.onOwner(
        () -> {
          log.noteHighWatermark(1);
          log.noteLeaderEpoch(12);
          log.requestFlush();
        });
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    disk.losePower(1);
    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(fixture.<Long>ask(again::highWatermarkHint)).isEqualTo(1);
    assertThat(fixture.<Integer>ask(again::highestEpochSeen)).isEqualTo(12);
  }

  @Test
  void writesNoCheckpointWhenNothingMoved() {
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    List<Path> forced = countForces();
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    assertThat(forced).isEmpty();
  }

  @Test
  @DisplayName("B91: a disk that takes no changes for now fails this log, not the directory")
  void failsOneLogWhereItsEpochsCannotBeWritten() throws IOException {
    fixture.append(log, Batches.single("a"));
    fixture.beginEpoch(log, 1);
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.CREATE) {
            throw new IOException("Read-only file system");
          }
        });
    fixture.flushNow(log);
    assertThat(fixture.flushed).isEmpty();
    assertThat(fixture.failures).hasSize(1);
    assertThat(fixture.diskFailure.get()).isNull();
    assertThat(fixture.store().failure()).isNull();

    disk.setFaults(DiskFaults.NONE);
    fixture.store().letGo(LogFixture.NAME, () -> {});
    fixture.settle();
    PartitionLog again = fixture.open();
    assertThat(fixture.readAll(again, 0, 1 << 20)).containsExactly("0:a");
    disk.losePower(1);
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 1 << 20)).containsExactly("0:a");
  }

  @Test
  void belongsToItsLoop() {
    assertThatThrownBy(() -> log.endOffset())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("loop-0");
  }
}
