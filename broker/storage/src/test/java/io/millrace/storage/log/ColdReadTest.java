package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("what is not in memory is read off the loop")
class ColdReadTest {
  private static final int RECORDS = 60;

  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;
  private final List<Boolean> told = new ArrayList<>();

  /** What the owner loop asked of the disk while it was not to. */
  private final List<String> onLoop = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(4096, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 1);
    append(RECORDS);
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 2);
    listen();
  }

  private void listen() {
    fixture.onOwner(() -> log.tellWhenWarm(() -> told.add(true)));
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ && fixture.owner.inLoop()) {
            onLoop.add(operation + " " + path.getFileName());
          }
        });
  }

  private void append(int records) {
    for (int i = 0; i < records; i++) {
      fixture.append(log, Batches.batch(1_000 + i, "x".repeat(200)));
    }
    fixture.flushNow(log);
  }

  private ReadResult read(long offset, int maxBytes) {
    return fixture.ask(() -> log.read(offset, maxBytes, log.endOffset()));
  }

  private static ReadResult.Data data(ReadResult result) {
    assertThat(result).isInstanceOf(ReadResult.Data.class);
    return (ReadResult.Data) result;
  }

  /** As a consumer that comes again when it is told to. */
  private int readAllFrom(long offset, int maxBytes) {
    int cold = 0;
    long next = offset;
    long end = fixture.ask(log::endOffset);
    while (next < end) {
      ReadResult result = read(next, maxBytes);
      if (result instanceof ReadResult.Cold) {
        int before = told.size();
        fixture.settle();
        assertThat(told.size()).isGreaterThan(before);
        cold++;
      } else {
        ReadResult.Data data = data(result);
        assertThat(Batches.records(Batches.bytes(data.slice()))).isNotEmpty();
        assertThat(data.nextOffset()).isGreaterThan(next);
        next = data.nextOffset();
      }
    }
    return cold;
  }

  @Test
  void asksToComeAgainAndThenReadsFromMemory() {
    assertThat(read(7, 1000)).isEqualTo(ReadResult.Cold.INSTANCE);
    assertThat(onLoop).isEmpty();
    assertThat(told).isEmpty();
    fixture.settle();
    assertThat(told).hasSize(1);
    onLoop.clear();
    ReadResult.Data data = data(read(7, 1000));
    assertThat(onLoop).isEmpty(); // nor for the index: it has come with the bytes
    assertThat(Batches.records(Batches.bytes(data.slice())).get(0)).startsWith("7:");
  }

  @Test
  void comesOnceForEachPieceAndNotForEachFetch() {
    int cold = readAllFrom(0, 600);
    assertThat(cold).isBetween(1, fixture.<Integer>ask(log::segmentCount));
    assertThat(readAllFrom(0, 600)).isLessThanOrEqualTo(cold);
  }

  @Test
  void neverLeavesTheLoopForWhatWasWrittenLately() {
    append(20);
    onLoop.clear();
    assertThat(readAllFrom(RECORDS, 500)).isZero();
    assertThat(told).isEmpty();
  }

  @Test
  void findsTheFirstOffsetOfThisLifeWithoutLooking() {
    append(1);
    onLoop.clear();
    data(read(RECORDS, 500)).slice().release();
    assertThat(onLoop).isEmpty();
  }

  @Test
  void forgetsWhatIsLongAgoOrHasNoPlaceInTheWindow() throws IOException {
    assertThat(fixture.stop()).isTrue();
    disk.setFaults((operation, path) -> {});
    fixture.storeConfig = fixture.storeConfig.withHotBytes(1000);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 3);
    listen();
    append(20);
    assertThat(read(RECORDS, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
    data(read(RECORDS + 19, 500)).slice().release();
    fixture.settle();
    data(read(RECORDS, 500)).slice().release();
    fixture.owner.advanceMillis(10_000);
    assertThat(read(RECORDS, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
  }

  @Test
  void findsItsWayThroughADamagedIndex() throws IOException {
    fixture.kill();
    for (long base = 0; base < RECORDS; base++) {
      if (disk.kind(fixture.indexFile(base)) == io.millrace.storage.files.FileKind.FILE) {
        disk.flipBit(fixture.indexFile(base), 9, 1);
      }
    }
    disk.setFaults((operation, path) -> {});
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 3);
    listen();
    assertThat(readAllFrom(0, 700)).isPositive();
  }

  @Test
  void servesManyReadersOfOneLogOneAfterAnother() {
    for (int i = 0; i < 50; i++) {
      assertThat(read(i, 300)).isEqualTo(ReadResult.Cold.INSTANCE);
    }
    int rounds = 0;
    boolean[] done = new boolean[50];
    int left = 50;
    while (left > 0) {
      fixture.settle();
      for (int i = 0; i < 50; i++) {
        if (!done[i] && read(i, 300) instanceof ReadResult.Data data) {
          data.slice().release();
          done[i] = true;
          left--;
        }
      }
      assertThat(rounds++).isLessThan(100);
    }
  }

  @Test
  @DisplayName("b91: a disk that fails takes the log offline, and whoever waits is told")
  void b91_goesOfflineWhenTheDiskFails() {
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ) {
            throw new IOException("Input/output error");
          }
        });
    assertThat(read(5, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
    fixture.settle();
    assertThat(fixture.failures).hasSize(1);
    assertThat(fixture.store().failure()).isNull();
  }

  @Test
  @DisplayName("b91: a segment that has become shorter takes the log offline")
  void b91_goesOfflineWhenAFileHasShrunk() throws IOException {
    byte[] whole = disk.contents(fixture.logFile(0));
    assertThat(read(9, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
    try (var file = disk.open(fixture.logFile(0))) {
      file.truncate(whole.length / 3);
    }
    fixture.settle();
    assertThat(fixture.failures).hasSize(1);
  }

  @Test
  void forgetsWhatACutHasOvertaken() {
    assertThat(read(50, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
    fixture.owner.runAll();
    fixture.ask(
        () -> {
          log.truncateTo(40, () -> {});
          return 0;
        });
    fixture.settle();
    fixture.beginEpoch(log, 3);
    append(20);
    assertThat(readAllFrom(0, 500)).isPositive();
  }

  @Test
  void doesNothingForALogThatHasBeenClosed() {
    assertThat(read(5, 500)).isEqualTo(ReadResult.Cold.INSTANCE);
    List<Boolean> closed = new ArrayList<>();
    log.abandonLater(() -> closed.add(true));
    fixture.owner.runAll();
    fixture.settle();
    assertThat(closed).hasSize(1);
    assertThat(told).isEmpty();
    assertThat(fixture.failures).isEmpty();
  }

  @Test
  void looksForATimeOffTheLoop() {
    onLoop.clear();
    assertThat(fixture.timeOf(log, 1_000, RECORDS))
        .hasValueSatisfying(found -> assertThat(found.offset()).isZero());
    assertThat(fixture.timeOf(log, 1_043, RECORDS))
        .hasValueSatisfying(found -> assertThat(found.offset()).isEqualTo(43));
    assertThat(fixture.timeOf(log, 1_043, 43)).isEmpty();
    assertThat(fixture.timeOf(log, 9_000, RECORDS)).isEmpty();
    assertThat(onLoop).isEmpty();
  }

  @Test
  void looksAgainForATimeThatWasTrimmedMeanwhile() {
    List<TimeAnswer> answers = new ArrayList<>();
    fixture.ask(
        () -> {
          log.findTime(1_002, RECORDS, answers::add);
          log.trim(30, RECORDS, result -> {});
          return 0;
        });
    fixture.owner.runAll();
    fixture.coldRead.runAll(); // has found offset 2
    fixture.flush.runAll(); // the start is at 30
    fixture.settle();
    assertThat(answers)
        .singleElement()
        .isInstanceOfSatisfying(
            TimeAnswer.Found.class,
            found -> assertThat(found.record().offset()).isBetween(2L, 30L));
    assertThat(fixture.timeOf(log, 1_002, RECORDS))
        .hasValueSatisfying(found -> assertThat(found.offset()).isEqualTo(30));
  }

  @Test
  @DisplayName("b91: a time look-up on a disk that fails says so")
  void b91_saysThatATimeCannotBeFound() {
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ) {
            throw new IOException("Input/output error");
          }
        });
    List<TimeAnswer> answers = new ArrayList<>();
    fixture.onOwner(() -> log.findTime(1_002, RECORDS, answers::add));
    assertThat(answers).singleElement().isInstanceOf(TimeAnswer.Failed.class);
    assertThat(fixture.failures).hasSize(1);
  }
}
