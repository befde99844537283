package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.SimulatedCrash;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Replicas compact alone: what belongs where one is damaged may be of another size elsewhere. */
@DisplayName("B82, 4.10: a damaged range of a log that another replica has compacted")
class CompactedRepairTest {
  private static final int BATCHES = 40;

  private MemoryDisk disk = LogFixture.memoryDisk(1);
  private CompactionFixture here = new CompactionFixture(disk, 2_000);
  private CompactionFixture there = new CompactionFixture(LogFixture.memoryDisk(2), 2_000);

  private static void write(CompactionFixture topic) throws IOException {
    topic.start();
    topic.epoch(1);
    for (int i = 0; i < BATCHES; i++) {
      topic.append("k" + i % 5 + "=" + i, "own" + i + "=" + i, "x=" + i);
    }
    topic.storage.flushNow(topic.log());
    topic.pass(6_000); // a checkpoint: what is damaged now was on disk
    topic.storage.onOwner(() -> topic.log().noteHighWatermark(topic.log().endOffset()));
  }

  /** Of the batch that holds an offset, in the segment that begins at another. */
  private void damage(long segment, long offset) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(disk.contents(here.storage.logFile(segment)));
    BatchView batch = new BatchView();
    int position = 0;
    while (batch.scan(bytes, position, bytes.limit()) == BatchScan.WHOLE
        && batch.nextOffset() <= offset) {
      position += batch.sizeBytes();
    }
    try (DiskFile file = disk.open(here.storage.logFile(segment))) {
      file.write(position + batch.sizeBytes() - 4, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    here.storage.ask(() -> here.log().damages().checkAt(offset, found -> {}));
    here.storage.settle();
    assertThat(here.storage.ask(() -> here.log().damages().count())).isEqualTo(1);
  }

  private LogDamage first() {
    return here.storage.ask(() -> here.log().damages().first().orElseThrow());
  }

  /** What the other replica gives to who asks for the range. */
  private ByteBuffer given(long offset) {
    return there.storage.ask(
        () ->
            Batches.bytes(
                ((ReadResult.Data) there.log().read(offset, 1 << 20, there.log().endOffset()))
                    .slice()));
  }

  private RepairOutcome repair(ByteBuffer batches) {
    List<RepairOutcome> outcomes = new ArrayList<>();
    here.storage.onOwner(() -> here.log().damages().repair(batches, outcomes::add));
    for (int i = 0; i < 100 && outcomes.isEmpty(); i++) {
      here.storage.settle();
    }
    assertThat(outcomes).hasSize(1);
    return outcomes.get(0);
  }

  @Test
  void isPutRightWithWhatIsLeftOfIt() throws IOException {
    write(here);
    write(there);
    there.compact();
    damage(0, 7);
    assertThat(repair(given(first().fromOffset()))).isEqualTo(new RepairOutcome.Repaired());

    assertThat(here.storage.ask(() -> here.log().damages().count())).isZero();
    here.assertTellsTheTruth();
    List<Finding> found = new ArrayList<>();
    new LogVerify(disk, found::add).verify(here.storage.partitionDirectory());
    assertThat(found).isEmpty();
    here.compact();
    here.assertTellsTheTruth();
    assertThat(here.storage.failures).isEmpty();
  }

  @Test
  void isPutRightInPlaceWhereNothingOfItHasGone() throws IOException {
    write(here);
    write(there);
    damage(0, 7);
    assertThat(repair(given(first().fromOffset()))).isEqualTo(new RepairOutcome.Repaired());
    here.assertTellsTheTruth();
  }

  @Test
  void waitsWhileTheSegmentIsBeingWritten() throws IOException {
    write(here);
    write(there);
    there.compact();
    long base = lastSegment();
    damage(base, base);
    assertThat(repair(given(first().fromOffset()))).isInstanceOf(RepairOutcome.Refused.class);
    assertThat(here.storage.ask(() -> here.log().damages().count())).isEqualTo(1);
  }

  private long lastSegment() throws IOException {
    return disk.list(here.storage.partitionDirectory()).stream()
        .filter(entry -> entry.name().endsWith(".log"))
        .mapToLong(entry -> Long.parseLong(entry.name().substring(0, 20)))
        .max()
        .orElseThrow();
  }

  @Test
  void staysAsItIsWhereThereIsNoRoom() throws IOException {
    write(here);
    write(there);
    there.compact();
    damage(0, 7);
    disk.limitBytes(0);
    assertThat(repair(given(first().fromOffset())))
        .isInstanceOfSatisfying(
            RepairOutcome.Refused.class,
            refused -> assertThat(refused.why()).contains(DiskFullException.class.getSimpleName()));
    disk.limitBytes(Long.MAX_VALUE);
    assertThat(repair(given(first().fromOffset()))).isEqualTo(new RepairOutcome.Repaired());
    here.assertTellsTheTruth();
  }

  @Test
  void noCrashLeavesAnythingButTheDamageOrWhatBelongsThere() throws IOException {
    int crashes = 0;
    for (int at = 1; at < 40; at++) {
      disk = LogFixture.memoryDisk(at);
      here = new CompactionFixture(disk, 2_000);
      there = new CompactionFixture(LogFixture.memoryDisk(2), 2_000);
      write(here);
      write(there);
      there.compact();
      damage(0, 7);
      disk.crashAt(disk.steps() + at);
      boolean isRepaired = false;
      try {
        repair(given(first().fromOffset()));
        isRepaired = true;
      } catch (SimulatedCrash e) {
        crashes++;
      }
      disk.losePower(0.5);
      here.start();
      assertThat(here.storage.ask(() -> here.log().endOffset())).isEqualTo(3L * BATCHES);
      here.storage.ask(() -> here.log().damages().checkAt(7, found -> {}));
      here.storage.settle();
      if (here.storage.ask(() -> here.log().damages().count()) > 0) {
        assertThat(isRepaired).isFalse();
        repair(given(first().fromOffset()));
      }
      here.assertTellsTheTruth();
    }
    assertThat(crashes).isPositive();
  }
}
