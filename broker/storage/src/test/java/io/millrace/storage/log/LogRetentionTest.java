package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("4.9: retention and trimming")
class LogRetentionTest {
  private static final LogConfig SMALL = new LogConfig(1024, 1L << 40, 300, 1000, 1 << 20);

  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = SMALL;
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 1);
  }

  /** Records of about 300 bytes: three a segment; committed, forced. */
  private void append(int count) {
    for (int i = 0; i < count; i++) {
      fixture.append(log, Batches.single("x".repeat(220)));
    }
    fixture.flushNow(log);
    fixture.onOwner(() -> log.noteHighWatermark(log.endOffset()));
  }

  private void configure(LogConfig config) {
    fixture.onOwner(() -> log.configure(config));
  }

  private void retainNow() {
    log.retainLater(fixture.owner.clock().wallMillis());
    fixture.settle();
  }

  private long startOffset() {
    return fixture.ask(log::startOffset);
  }

  private int segmentCount() {
    return fixture.ask(log::segmentCount);
  }

  private TrimResult trim(long before) {
    List<TrimResult> results = new ArrayList<>();
    fixture.onOwner(() -> log.trim(before, log.endOffset(), results::add));
    assertThat(results).hasSize(1);
    return results.get(0);
  }

  private List<String> files() throws IOException {
    return disk.list(fixture.partitionDirectory()).stream().map(DirectoryEntry::name).toList();
  }

  private void reopen() throws IOException {
    fixture.start();
    log = fixture.open();
  }

  @Test
  void letsOldSegmentsGoOldestFirst() {
    append(9);
    fixture.owner.advanceMillis(60_000);
    append(9);
    assertThat(segmentCount()).isEqualTo(6);
    configure(SMALL.withRetention(30_000, -1));
    retainNow();
    assertThat(startOffset()).isEqualTo(9);
    assertThat(segmentCount()).isEqualTo(3);
    assertThat(fixture.readAll(log, 9, 1 << 20)).hasSize(9);
    assertThat(fixture.store().counters().removedSegments()).isEqualTo(3);
    assertThat(fixture.store().counters().removedBytes()).isGreaterThan(2000);
  }

  @Test
  void keepsAtLeastTheLimitBySize() {
    append(18);
    long size = fixture.ask(log::sizeBytes);
    configure(SMALL.withRetention(-1, size / 2));
    retainNow();
    assertThat(fixture.<Long>ask(log::sizeBytes)).isGreaterThanOrEqualTo(size / 2);
    assertThat(startOffset()).isEqualTo(9);
  }

  @Test
  void isLookedAtFromTimeToTimeWithoutBeingAsked() {
    append(18);
    configure(SMALL.withRetention(-1, 0));
    fixture.housekeeping.advanceMillis(9_999);
    fixture.settle();
    for (int i = 0; i < 12; i++) {
      fixture.housekeeping.advanceMillis(1_000);
      fixture.settle();
    }
    assertThat(startOffset()).isEqualTo(15);
  }

  @Test
  @DisplayName("the last segment of an idle partition does not live for ever")
  void closesAnIdleSegmentAndLetsItGo() {
    append(2);
    configure(SMALL.withRetention(30_000, -1));
    fixture.owner.advanceMillis(30_000);
    retainNow();
    assertThat(startOffset()).isZero();
    fixture.owner.advanceMillis(1);
    retainNow();
    assertThat(startOffset()).isEqualTo(2);
    assertThat(fixture.<Long>ask(log::sizeBytes)).isZero();
    retainNow();
    assertThat(segmentCount()).isEqualTo(1);
    append(1);
    assertThat(fixture.readAll(log, 2, 1 << 20)).hasSize(1);
  }

  @Test
  void keepsWhatIsNotCommitted() {
    append(9);
    fixture.onOwner(() -> log.noteHighWatermark(4));
    configure(SMALL.withRetention(-1, 0));
    retainNow();
    assertThat(startOffset()).isEqualTo(3);
  }

  @Test
  @DisplayName("after a clean stop nothing is known of a segment's age but what its index says")
  void looksIntoSegmentsThatItHasNotWrittenItself() throws IOException {
    append(10);
    assertThat(fixture.stop()).isTrue();
    fixture.config = SMALL.withRetention(1, -1);
    reopen();
    fixture.owner.advanceMillis(60_000);
    retainNow();
    assertThat(startOffset()).isEqualTo(10);
  }

  @Test
  void findsTheAgeOfASegmentWhoseIndexIsGone() throws IOException {
    append(10);
    assertThat(fixture.stop()).isTrue();
    for (long base : new long[] {0, 3, 6, 9}) {
      if (disk.kind(fixture.indexFile(base)) == FileKind.FILE) {
        disk.flipBit(fixture.indexFile(base), 8, 3);
      }
    }
    fixture.config = SMALL.withRetention(50_000, -1);
    reopen();
    retainNow();
    assertThat(startOffset()).isZero();
    fixture.owner.advanceMillis(60_000);
    retainNow();
    assertThat(startOffset()).isEqualTo(10);
  }

  @Test
  @DisplayName("the start is on disk before anything goes")
  void movesTheStartFirst() throws IOException {
    append(9);
    configure(SMALL.withRetention(-1, 0));
    fixture.ask(
        () -> {
          log.retainLater(0);
          return 0;
        });
    fixture.owner.runAll();
    assertThat(startOffset()).isZero();
    assertThat(disk.kind(fixture.logFile(0))).isEqualTo(FileKind.FILE);
    fixture.flush.runAll();
    assertThat(startOffset()).isEqualTo(6);
    assertThat(disk.kind(fixture.logFile(0))).isEqualTo(FileKind.FILE);
    fixture.settle();
    assertThat(disk.kind(fixture.logFile(0))).isEqualTo(FileKind.ABSENT);
  }

  @Test
  @DisplayName("a reader in flight keeps its handle; the file goes after a delay")
  void removesFilesAfterADelay() throws IOException {
    append(9);
    ReadResult.Data data =
        fixture.ask(() -> (ReadResult.Data) log.read(0, 1 << 20, log.endOffset()));
    configure(SMALL.withRetention(-1, 0));
    retainNow();
    assertThat(files())
        .contains("00000000000000000000.log.deleted", "00000000000000000003.log.deleted")
        .doesNotContain("00000000000000000000.index", "00000000000000000000.log");
    fixture.housekeeping.advanceMillis(60_000);
    fixture.settle();
    assertThat(files()).noneMatch(DataPaths::isDeleted);
    assertThat(Batches.records(Batches.bytes(data.slice()))).hasSize(3);
  }

  @Test
  @DisplayName("b89: .deleted files of a run that ended before its delay are taken away")
  void b89_finishesTheRemovalAtTheNextOpening() throws IOException {
    append(9);
    configure(SMALL.withRetention(-1, 0));
    retainNow();
    fixture.kill();
    reopen();
    assertThat(files()).noneMatch(DataPaths::isDeleted);
    assertThat(startOffset()).isEqualTo(6);
  }

  @Test
  void trimsInTheMiddleOfASegment() throws IOException {
    append(9);
    assertThat(trim(4)).isEqualTo(new TrimResult.Trimmed(4));
    assertThat(startOffset()).isEqualTo(4);
    assertThat(segmentCount()).isEqualTo(2);
    assertThat(fixture.ask(() -> log.read(3, 100, 9))).isEqualTo(new ReadResult.OutOfRange(4, 9));
    assertThat(fixture.readAll(log, 4, 100)).hasSize(5);
    disk.losePower(1);
    reopen();
    assertThat(startOffset()).isEqualTo(4);
    assertThat(segmentCount()).isEqualTo(2);
    assertThat(fixture.readAll(log, 4, 100)).hasSize(5);
  }

  @Test
  void trimsInTheMiddleOfABatch() {
    fixture.append(log, Batches.batch(1000, "a", "b", "c"));
    append(1);
    assertThat(trim(1)).isEqualTo(new TrimResult.Trimmed(1));
    assertThat(fixture.readAll(log, 1, 100)).hasSize(4).startsWith("0:a");
    assertThat(fixture.timeOf(log, 0, 4))
        .hasValueSatisfying(found -> assertThat(found.offset()).isEqualTo(1));
  }

  @Test
  void trimsEverythingAndGoesOnAtTheSameOffset() throws IOException {
    append(7);
    assertThat(trim(7)).isEqualTo(new TrimResult.Trimmed(7));
    assertThat(segmentCount()).isEqualTo(1);
    assertThat(fixture.<Long>ask(log::sizeBytes)).isZero();
    assertThat(trim(7)).isEqualTo(new TrimResult.Trimmed(7));
    disk.losePower(1);
    reopen();
    assertThat(startOffset()).isEqualTo(7);
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(7);
    fixture.beginEpoch(log, 2);
    assertThat(fixture.append(log, Batches.single("next"))).isEqualTo(7);
  }

  @Test
  @DisplayName("what is not on disk yet is forced before the start moves over it")
  void trimsUnforcedRecordsOnlyOnceTheyAreForced() throws IOException {
    for (int i = 0; i < 5; i++) {
      fixture.append(log, Batches.single("x".repeat(220)));
    }
    assertThat(trim(5)).isEqualTo(new TrimResult.Trimmed(5));
    assertThat(fixture.<Long>ask(log::flushedOffset)).isEqualTo(5);
    disk.losePower(1);
    reopen();
    assertThat(startOffset()).isEqualTo(5);
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(5);
  }

  @Test
  @DisplayName("f14: power may fail at any step of a trim over records that nobody has forced")
  void f14_neverEndsBeforeItBegins() throws IOException {
    append(3);
    fixture.append(log, Batches.single("a"));
    fixture.append(log, Batches.single("b"));
    long begin = disk.steps();
    MemoryDisk before = disk;
    for (int step = 1; step < 12; step++) {
      disk = before.copy(step);
      fixture = LogFixture.inMemory(disk);
      fixture.config = SMALL;
      reopen();
      fixture.beginEpoch(log, 1 + step);
      fixture.append(log, Batches.single("c"));
      disk.crashAt(disk.steps() + step);
      try {
        trim(6);
      } catch (io.millrace.storage.files.SimulatedCrash expected) {
        // as ordered
      }
      disk.losePower(1);
      reopen();
      assertThat(startOffset()).as("step " + step).isIn(0L, 6L);
      assertThat(fixture.<Long>ask(log::endOffset)).as("step " + step).isBetween(5L, 6L);
      assertThat(fixture.<Long>ask(log::endOffset)).isGreaterThanOrEqualTo(startOffset());
    }
    assertThat(before.steps()).isEqualTo(begin);
  }

  @Test
  void neverTrimsBackNorBeyondTheHighWatermark() {
    append(9);
    trim(5);
    assertThat(trim(2)).isEqualTo(new TrimResult.Trimmed(5));
    List<TrimResult> results = new ArrayList<>();
    fixture.onOwner(() -> log.trim(8, 7, results::add));
    fixture.onOwner(() -> log.trim(10, 100, results::add));
    assertThat(results)
        .containsExactly(
            new TrimResult.BeyondHighWatermark(5, 7), new TrimResult.BeyondHighWatermark(5, 100));
    assertThat(startOffset()).isEqualTo(5);
  }

  @Test
  @DisplayName("f16: a trim on a full disk says so and changes nothing")
  void f16_refusesToTrimWithoutSpace() {
    append(2);
    disk.limitBytes(0);
    assertThat(trim(1)).isInstanceOf(TrimResult.NoSpace.class);
    assertThat(startOffset()).isZero();
    disk.limitBytes(Long.MAX_VALUE);
    fixture.owner.advanceMillis(5_000);
    fixture.settle();
    assertThat(startOffset()).isZero();
    assertThat(trim(1)).isEqualTo(new TrimResult.Trimmed(1));
  }

  @Test
  @DisplayName("f16: retention frees a disk on which nothing more can be written")
  void f16_freesAFullDisk() throws IOException {
    append(18);
    configure(SMALL.withRetention(-1, 0));
    disk.limitBytes(1 << 30);
    disk.limitBytes((1 << 30) - disk.usableBytes(fixture.root));
    retainNow();
    assertThat(startOffset()).isEqualTo(15);
    assertThat(files()).doesNotContain("00000000000000000000.log");
    assertThat(files()).noneMatch(DataPaths::isDeleted); // no delay when space is scarce
  }

  @Test
  @DisplayName("4.4: the list of epochs is cut at the front")
  void forgetsEpochsOfWhichNothingIsLeft() throws IOException {
    append(4);
    fixture.beginEpoch(log, 2);
    append(4);
    fixture.beginEpoch(log, 5);
    append(4);
    trim(8);
    // The batch at 6 is still in the first segment, though nobody may read it.
    assertThat(fixture.ask(() -> log.endOffsetForEpoch(2))).isEqualTo(new EpochEnd(2, 8));
    assertThat(fixture.ask(() -> log.endOffsetForEpoch(1))).isEqualTo(EpochEnd.NONE);
    trim(9);
    assertThat(fixture.<Integer>ask(() -> log.epochAt(9))).isEqualTo(5);
    assertThat(fixture.ask(() -> log.endOffsetForEpoch(2))).isEqualTo(EpochEnd.NONE);
    disk.losePower(1);
    reopen();
    assertThat(fixture.<Integer>ask(() -> log.epochAt(9))).isEqualTo(5);
    assertThat(fixture.ask(() -> log.endOffsetForEpoch(1))).isEqualTo(EpochEnd.NONE);
  }

  @Test
  @DisplayName("b87: a start behind the log's end is not believed")
  void b87_ignoresAStartBehindTheEnd() throws IOException {
    append(9);
    trim(5);
    fixture.kill();
    disk.delete(fixture.logFile(6));
    byte[] first = disk.contents(fixture.logFile(3));
    disk.put(fixture.logFile(3), java.util.Arrays.copyOf(first, first.length / 3));
    reopen();
    assertThat(startOffset()).isEqualTo(3);
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(4);
  }

  @Test
  @DisplayName("b84: a log whose first segments are missing is refused")
  void b84_refusesALogWithoutItsBeginning() throws IOException {
    append(9);
    trim(4);
    fixture.kill();
    disk.delete(fixture.indexFile(3));
    disk.delete(fixture.logFile(3));
    fixture.start();
    assertThat(fixture.tryOpen())
        .isInstanceOfSatisfying(
            LogOpening.Offline.class,
            offline ->
                assertThat(offline.why()).contains("begins with offset 6").contains("restore"));
  }

  @Test
  void b86_takesTheFirstSegmentForTheStartWhenItsRecordIsDamaged() throws IOException {
    append(9);
    trim(4);
    fixture.kill();
    disk.flipBit(DataPaths.leaderEpochs(fixture.partitionDirectory()), 30, 2);
    reopen();
    assertThat(startOffset()).isEqualTo(3);
    assertThat(fixture.readAll(log, 3, 100)).hasSize(6);
  }

  @Test
  void answersATrimThatTheEndOfTheLogOvertakes() {
    append(9);
    List<TrimResult> results = new ArrayList<>();
    disk.failForce(fixture.partitionDirectory());
    fixture.onOwner(() -> log.trim(5, 9, results::add));
    assertThat(results).hasSize(1).first().isInstanceOf(TrimResult.Unknown.class);
    fixture.onOwner(() -> log.trim(6, 9, results::add));
    assertThat(results).hasSize(2).last().isInstanceOf(TrimResult.Unknown.class);
  }
}
