package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.wire.BatchIterator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** B82, F17, I14: bytes that are not what was written are found, kept from readers, put right. */
class LogDamageTest {
  private static final long TIME = 1_700_000_000_000L;
  private static final int BATCHES = 120;

  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(4096, 1 << 30, 300, 1000, 1 << 20);
    fixture.storeConfig = fixture.storeConfig.withScrubIntervalMillis(60_000);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 0);
    for (int i = 0; i < BATCHES; i++) {
      fixture.append(log, Batches.batch(TIME + i, "value " + i));
    }
    fixture.flushNow(log);
  }

  private static List<String> numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> i + ":value " + i).toList();
  }

  private ReadResult read(long offset) {
    return fixture.ask(() -> log.read(offset, 1 << 20, log.endOffset()));
  }

  private List<String> records(long offset) {
    ReadResult result = read(offset);
    assertThat(result).isInstanceOf(ReadResult.Data.class);
    return Batches.records(Batches.bytes(((ReadResult.Data) result).slice()));
  }

  /** As long as a pass takes. */
  private void scrub() {
    for (int i = 0; i < 200; i++) {
      fixture.housekeeping.advanceMillis(500);
      fixture.settle();
    }
  }

  /** The segment that holds an offset. */
  private long segmentOf(long offset) {
    return fixture.ask(
        () -> {
          List<Long> bases = new ArrayList<>();
          for (long base = 0; base < log.endOffset(); base++) {
            if (disk.kind(fixture.logFile(base)) == FileKind.FILE && base <= offset) {
              bases.add(base);
            }
          }
          return bases.get(bases.size() - 1);
        });
  }

  /** Where a batch of one record stands in its segment; all of them may have other sizes. */
  private int positionOf(long offset) throws IOException {
    long base = segmentOf(offset);
    ByteBuffer bytes = ByteBuffer.wrap(disk.contents(fixture.logFile(base)));
    BatchIterator batches = new BatchIterator().over(bytes);
    while (batches.next()) {
      if (batches.batch().baseOffset() == offset) {
        return batches.batch().position();
      }
    }
    throw new AssertionError("no batch of offset " + offset);
  }

  private ByteBuffer bytesOf(long from, long to) throws IOException {
    byte[] all = disk.contents(fixture.logFile(segmentOf(from)));
    int start = positionOf(from);
    int end = segmentOf(to) == segmentOf(from) ? positionOf(to) : all.length;
    return ByteBuffer.wrap(all, start, end - start).slice();
  }

  private void damage(long offset, int behind) throws IOException {
    disk.flipBit(fixture.logFile(segmentOf(offset)), positionOf(offset) + behind, 3);
  }

  private RepairOutcome repair(ByteBuffer batches) {
    List<RepairOutcome> outcomes = new ArrayList<>();
    fixture.onOwner(() -> log.damages().repair(batches, outcomes::add));
    assertThat(outcomes).hasSize(1);
    return outcomes.get(0);
  }

  private LogDamage found() {
    assertThat(fixture.damages).hasSize(1);
    return fixture.damages.get(0);
  }

  @Test
  @DisplayName("P-11: a log goes on whose active segment does not begin with a batch any more")
  void p11_appendsThoughTheAgeOfItsSegmentCannotBeRead() throws IOException {
    fixture.flushNow(log);
    long end = fixture.ask(log::endOffset);
    long active = segmentOf(end - 1);
    fixture.stop();
    disk.flipBit(fixture.logFile(active), 1, 3);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 9);

    assertThat(fixture.append(log, Batches.single("goes on"))).isEqualTo(end);
    fixture.settle();
    assertThat(fixture.failures).isEmpty();
    assertThat(found().fromOffset()).as("and the damage is told").isEqualTo(active);
  }

  @Test
  @DisplayName("what is whole stays so: a pass over it finds nothing")
  void findsNothingInAWholeLog() {
    scrub();
    assertThat(fixture.damages).isEmpty();
    assertThat(fixture.store().counters().scrubbedBytes())
        .isGreaterThanOrEqualTo(fixture.ask(log::sizeBytes));
    assertThat(fixture.store().counters().scrubEndedMillis()).isPositive();
    assertThat(records(0)).startsWith("0:value 0");
  }

  @ParameterizedTest(name = "byte {0} of a batch")
  @ValueSource(ints = {0, 1, 2, 3, 12, 40, 60, 100})
  @DisplayName("B82: a pass finds a flipped bit; what is before and behind is read as ever")
  void b82_findsAFlippedBitAndServesTheRest(int behind) throws IOException {
    ByteBuffer whole = bytesOf(17, 18);
    if (behind >= whole.remaining()) {
      return;
    }
    damage(17, behind);
    scrub();

    LogDamage found = found();
    assertThat(found.fromOffset()).isEqualTo(17);
    assertThat(found.toOffset()).isEqualTo(18);
    assertThat(found.file()).isEqualTo(fixture.logFile(segmentOf(10)));
    assertThat(found.toString()).contains("offsets 17 to 17", "position " + found.position());
    assertThat(read(17)).isEqualTo(new ReadResult.Damaged(found));
    assertThat(records(0)).isEqualTo(numbered(0, 17));
    assertThat(records(18)).startsWith("18:value 18");
    assertThat(fixture.failures).isEmpty();

    assertThat(repair(whole)).isInstanceOf(RepairOutcome.Repaired.class);
    assertThat(fixture.readAll(log, 0, 1 << 20)).isEqualTo(numbered(0, BATCHES));
    assertThat(fixture.ask(() -> log.damages().first())).isEmpty();
    assertThat(fixture.store().counters().repairs()).isEqualTo(1);
    fixture.damages.clear();
    scrub();
    assertThat(fixture.damages).isEmpty();
  }

  @Test
  @DisplayName("F17: damage behind a clean mark, in the file of old and of new records, is found")
  void f17_findsDamageBehindACleanMark() throws IOException {
    assertThat(fixture.stop()).isTrue();
    long last = BATCHES - 1;
    byte[] active = disk.contents(fixture.logFile(lastSegment()));
    disk.flipBit(fixture.logFile(0), 500, 2);
    disk.flipBit(fixture.logFile(lastSegment()), active.length - 3, 2);
    fixture.start();
    log = fixture.open();
    scrub();
    assertThat(fixture.damages).hasSize(2);
    assertThat(fixture.damages.get(1).covers(last)).isTrue();
  }

  private long lastSegment() throws IOException {
    return disk.list(fixture.partitionDirectory()).stream()
        .map(entry -> entry.name())
        .filter(name -> name.endsWith(".log"))
        .mapToLong(name -> Long.parseLong(name.substring(0, name.length() - 4)))
        .max()
        .orElseThrow();
  }

  @Test
  @DisplayName("who says that a batch is damaged is believed when it is so, and only then")
  void looksWhereAReaderSays() throws IOException {
    damage(30, 70);
    List<Optional<LogDamage>> looks = new ArrayList<>();
    fixture.onOwner(() -> log.damages().checkAt(29, looks::add));
    assertThat(looks).containsExactly(Optional.empty());
    fixture.onOwner(() -> log.damages().checkAt(30, looks::add));
    assertThat(looks.get(1)).contains(found());
    fixture.onOwner(() -> log.damages().checkAt(30, looks::add));
    fixture.onOwner(() -> log.damages().checkAt(BATCHES, looks::add));
    fixture.onOwner(() -> log.damages().checkAt(-1, looks::add));
    assertThat(looks).hasSize(2);
  }

  @Test
  @DisplayName("B82: a range of several batches is put right piece by piece")
  void b82_repairsInPieces() throws IOException {
    ByteBuffer whole = bytesOf(20, 24);
    int first = bytesOf(20, 22).remaining();
    for (long offset = 20; offset < 24; offset++) {
      damage(offset, 70);
    }
    scrub();
    // One after the other is found as one range, for nothing whole is between them.
    assertThat(fixture.damages).hasSize(1);
    assertThat(found().toOffset()).isEqualTo(24);

    assertThat(repair(whole.slice(0, first + 10))).isEqualTo(new RepairOutcome.Partly(22));
    assertThat(records(20)).isEqualTo(numbered(20, 22));
    assertThat(read(22)).isInstanceOf(ReadResult.Damaged.class);
    assertThat(repair(whole.slice(first, whole.remaining() - first)))
        .isInstanceOf(RepairOutcome.Repaired.class);
    assertThat(fixture.readAll(log, 0, 1 << 20)).isEqualTo(numbered(0, BATCHES));
  }

  @Test
  @DisplayName("what does not belong there is not written: other bytes, other offsets, damage")
  void refusesWhatDoesNotFit() throws IOException {
    ByteBuffer whole = bytesOf(17, 18);
    ByteBuffer other = bytesOf(16, 17);
    damage(17, 70);
    scrub();
    byte[] before = disk.contents(fixture.logFile(0));

    assertThat(repair(other)).isInstanceOf(RepairOutcome.Refused.class);
    assertThat(repair(ByteBuffer.allocate(0))).isInstanceOf(RepairOutcome.Refused.class);
    assertThat(repair(bytesOf(17, 18))).isInstanceOf(RepairOutcome.Refused.class);
    ByteBuffer otherEpoch = ByteBuffer.allocate(whole.remaining()).put(whole.duplicate()).flip();
    otherEpoch.put(11, (byte) 7); // of the leader epoch, which no checksum covers
    assertThat(repair(otherEpoch)).isInstanceOf(RepairOutcome.Refused.class);
    assertThat(disk.contents(fixture.logFile(0))).isEqualTo(before);
    assertThat(repair(whole)).isInstanceOf(RepairOutcome.Repaired.class);
  }

  @Test
  @DisplayName("a repair that cannot be written costs nothing but itself")
  void aFailedRepairLeavesTheLogAsItWas() throws IOException {
    ByteBuffer whole = bytesOf(17, 18);
    damage(17, 70);
    scrub();
    disk.setFaults(
        new DiskFaults() {
          @Override
          public void before(DiskOperation operation, Path path) throws IOException {
            if (operation == DiskOperation.WRITE && path.equals(fixture.logFile(0))) {
              throw new IOException("I/O error");
            }
          }
        });
    assertThat(repair(whole)).isInstanceOf(RepairOutcome.Refused.class);
    disk.setFaults(DiskFaults.NONE);
    assertThat(fixture.failures).isEmpty();
    assertThat(fixture.diskFailure.get()).isNull();
    assertThat(repair(whole)).isInstanceOf(RepairOutcome.Repaired.class);
  }

  @Test
  @DisplayName("after a cut, what was found before means nothing")
  void forgetsWhatWasCutOff() throws IOException {
    damage(100, 70);
    scrub();
    found();
    fixture.onOwner(() -> log.truncateTo(90, () -> {}));
    assertThat(fixture.ask(() -> log.damages().first())).isEmpty();
    for (int i = 90; i < BATCHES; i++) {
      fixture.append(log, Batches.batch(TIME + i, "value " + i));
    }
    assertThat(fixture.readAll(log, 0, 1 << 20)).isEqualTo(numbered(0, BATCHES));
  }

  @Test
  @DisplayName("a log goes on being written while a range of it is damaged, and flushed")
  void appendsAndFlushesMeanwhile() throws IOException {
    ByteBuffer whole = bytesOf(17, 18);
    damage(17, 70);
    scrub();
    fixture.append(log, Batches.batch(TIME, "value " + BATCHES));
    fixture.flushNow(log);
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(BATCHES + 1);
    repair(whole);
    fixture.append(log, Batches.batch(TIME, "value " + (BATCHES + 1)));
    fixture.flushNow(log);
    assertThat(fixture.ask(log::flushedOffset)).isEqualTo(BATCHES + 2);
    assertThat(fixture.readAll(log, 0, 1 << 20)).isEqualTo(numbered(0, BATCHES + 2));
  }

  @Test
  @DisplayName("a reader whose way leads over damage has the segment looked through, and goes on")
  void aReaderThatMeetsDamageIsTold() throws IOException {
    long damaged = 10;
    damage(damaged, 0); // a batch's tag
    while (read(damaged + 1) instanceof ReadResult.Data) {
      damage(damaged, 0); // as it was: the index led behind it
      damage(++damaged, 0);
    }
    fixture.settle();
    assertThat(fixture.failures).isEmpty();
    assertThat(found().fromOffset()).isEqualTo(damaged);
    assertThat(records(damaged + 1)).startsWith((damaged + 1) + ":value " + (damaged + 1));
    assertThat(read(damaged)).isInstanceOf(ReadResult.Damaged.class);
  }
}
