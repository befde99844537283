package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.compaction.CompactionPace;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.CompactionFixture.Entry;
import io.millrace.wire.Compressions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rule 4.10: the latest record of each key stays, and nobody can tell from reading on. */
class CompactionTest {
  private final MemoryDisk disk = LogFixture.memoryDisk(1);
  private final CompactionFixture topic = new CompactionFixture(disk, 2_000);

  private void begin() throws IOException {
    topic.start();
    topic.epoch(1);
  }

  @Test
  void ofATopicWrittenTenTimesOverOneRecordOfEachKeyIsLeft() throws IOException {
    begin();
    for (int round = 0; round < 10; round++) {
      for (int key = 0; key < 20; key++) {
        topic.append("k" + key + "=round " + round);
      }
    }
    long before = topic.storage.ask(() -> topic.log().sizeBytes());
    topic.compact();

    List<Entry> left = topic.read();
    assertThat(left).hasSize(20).allMatch(entry -> "round 9".equals(entry.value()));
    topic.assertTellsTheTruth();
    assertThat(topic.storage.ask(() -> topic.log().sizeBytes())).isLessThan(before / 4);
    assertThat(topic.storage.store().counters().compactedRecords()).isEqualTo(180);
    assertThat(verify()).isZero();
  }

  @Test
  void smallSegmentsThatAreLeftBecomeOneAndStayOneOverARestart() throws IOException {
    begin();
    for (int round = 0; round < 10; round++) {
      for (int key = 0; key < 20; key++) {
        topic.append("k" + key + "=round " + round);
      }
    }
    assertThat(logFiles()).isGreaterThan(8);
    topic.compact();
    long left = logFiles();
    assertThat(left).as("what is left, and the one that is written").isLessThanOrEqualTo(3);
    assertThat(topic.storage.store().counters().joinedSegments()).isGreaterThan(6);
    topic.assertTellsTheTruth();
    assertThat(verify()).isZero();

    topic.append("k1=more");
    topic.storage.flushNow(topic.log());
    disk.killProcess();
    topic.start();
    topic.assertTellsTheTruth();
    assertThat(logFiles()).isEqualTo(left);
  }

  @Test
  void segmentsOfATopicWithARetentionStayApart() throws IOException {
    topic.storage.config =
        new LogConfig(2_000, 1L << 40, 300, 1000, 1 << 20, 1L << 40, LogConfig.FOR_EVER)
            .withCompaction(topic.storage.config.compaction());
    begin();
    for (int i = 0; i < 200; i++) {
      topic.append("k" + i % 20 + "=" + i);
    }
    long before = logFiles();
    topic.compact();
    assertThat(logFiles()).isEqualTo(before + 1);
  }

  private long logFiles() throws IOException {
    return disk.list(topic.storage.partitionDirectory()).stream()
        .filter(entry -> entry.name().endsWith(DataPaths.LOG_SUFFIX))
        .count();
  }

  @Test
  void compactsByItselfOnceEnoughIsDirtyAndNeverTheActiveSegment() throws IOException {
    begin();
    for (int i = 0; i < 100; i++) {
      topic.append("k=" + i);
    }
    topic.storage.flushNow(topic.log());
    topic.pass(30_000);
    assertThat(topic.read()).as("nothing is committed").hasSize(100);

    topic.storage.onOwner(() -> topic.log().noteHighWatermark(topic.log().endOffset()));
    topic.pass(30_000);
    List<Entry> left = topic.read();
    long active = left.stream().filter(entry -> entry.offset() >= left.get(1).offset()).count();
    assertThat(left).hasSizeBetween(2, 30);
    assertThat(active).isEqualTo(left.size() - 1);
    topic.assertTellsTheTruth();
  }

  @Test
  void aTombstoneStaysForTheDeleteRetentionAndThenGoesByItself() throws IOException {
    begin();
    topic.append("a=1");
    topic.append("b=1");
    topic.append("a");
    topic.compact();
    assertThat(topic.read()).containsExactly(new Entry(1, "b", "1"), new Entry(2, "a", null));

    topic.pass(CompactionFixture.DELETE_RETENTION_MILLIS - 5_000);
    assertThat(topic.read()).hasSize(2);
    topic.pass(10_000);
    assertThat(topic.read()).containsExactly(new Entry(1, "b", "1"));
    topic.assertTellsTheTruth();
  }

  @Test
  void aTombstonesTimeAndHowFarCompactionHasComeSurviveARestart() throws IOException {
    begin();
    topic.append("a=1", "b=1");
    topic.append("a", "c=1");
    topic.compact();
    topic.pass(CompactionFixture.DELETE_RETENTION_MILLIS - 10_000);
    long read = topic.storage.store().counters().compactedBytes();
    assertThat(read).isPositive();
    topic.storage.stop();
    long gone = CompactionFixture.DELETE_RETENTION_MILLIS - 10_000;
    topic.start();
    topic.storage.owner.advanceMillis(gone);
    topic.storage.housekeeping.advanceMillis(gone);
    topic.storage.onOwner(() -> topic.log().noteHighWatermark(topic.log().endOffset()));
    topic.pass(5_000);
    assertThat(topic.storage.store().counters().compactedBytes()).as("nothing new").isZero();
    assertThat(topic.read()).hasSize(3);
    topic.pass(10_000);
    assertThat(topic.read()).extracting(Entry::key).containsExactly("b", "c");
  }

  @Test
  void anIdempotentProducerIsKnownAfterItsRecordsHaveGoneAndNothingElseTellsOfIt()
      throws IOException {
    begin();
    for (int i = 0; i < 40; i++) {
      topic.append(77, "k=" + i);
    }
    topic.append("k=last");
    topic.compact();
    assertThat(topic.read()).containsExactly(new Entry(40, "k", "last"));
    List<String> before = producers();
    topic.storage.stop();
    for (DirectoryEntry entry : disk.list(topic.storage.partitionDirectory())) {
      if (entry.name().endsWith(".producers")) {
        disk.delete(topic.storage.partitionDirectory().resolve(entry.name()));
      }
    }
    topic.start();
    List<String> after = producers();
    assertThat(after).hasSize(1);
    // Offsets, times and sequences; the checksums of what was written again are not its own.
    assertThat(after.get(0).replaceAll(":[0-9a-z]+( |$)", " "))
        .isEqualTo(before.get(0).replaceAll(":[0-9a-z]+( |$)", " "));
  }

  private List<String> producers() {
    return topic.storage.ask(() -> topic.log().producers().describe());
  }

  @Test
  void recordsWithoutAKeyFromBeforeTheTopicWasCompactedStay() throws IOException {
    begin();
    topic.storage.append(topic.log(), Batches.single("no key"));
    topic.append("a=1");
    topic.append("a=2");
    topic.compact();
    assertThat(topic.storage.ask(() -> topic.log().endOffset())).isEqualTo(3);
    assertThat(topic.storage.readAll(topic.log(), 0, 400)).containsExactly("0:no key", "2:2");
  }

  @Test
  void epochsStayWhatTheyAreAlsoWhereAllRecordsOfOneHaveGone() throws IOException {
    begin();
    topic.append("a=1");
    topic.epoch(2);
    topic.append("a=2");
    topic.epoch(5);
    topic.append("a=3");
    topic.compact();
    assertThat(topic.read()).hasSize(1);
    topic.storage.stop();
    disk.delete(topic.storage.partitionDirectory().resolve("leader-epochs"));
    topic.start();
    topic.storage.onOwner(
        () -> {
          assertThat(topic.log().epochAt(0)).isEqualTo(1);
          assertThat(topic.log().epochAt(1)).isEqualTo(2);
          assertThat(topic.log().epochAt(2)).isEqualTo(5);
        });
  }

  @Test
  void bothPoliciesTogetherKeepTheLatestOfEachKeyThatIsYoungEnough() throws IOException {
    begin();
    for (int i = 0; i < 60; i++) {
      topic.append("k" + i % 7 + "=" + i);
    }
    topic.compact();
    LogConfig config = topic.storage.config.withRetention(-1, 0);
    topic.append("x=1");
    topic.storage.onOwner(() -> topic.log().configure(config));
    topic.pass(30_000);
    topic.storage.flushNow(topic.log());
    assertThat(topic.storage.ask(() -> topic.log().startOffset())).isPositive();
    assertThat(topic.read()).extracting(Entry::key).containsExactly("x");
    assertThat(topic.storage.failures).isEmpty();
  }

  @Test
  void aMapTooSmallForAllTakesSeveralPasses() throws IOException {
    topic.storage.storeConfig =
        topic.storage.storeConfig.withCompaction(new CompactionPace(1_000, 1, 1L << 40));
    begin();
    for (int round = 0; round < 2; round++) {
      for (int key = 0; key < 2_000; key += 10) {
        String[] batch = new String[10];
        for (int i = 0; i < 10; i++) {
          batch[i] = "k" + (key + i) + "=" + round;
        }
        topic.append(batch);
      }
    }
    topic.compact();
    assertThat(topic.storage.store().counters().compactionPasses()).isGreaterThan(1);
    topic.assertTellsTheTruth();
    topic.compact();
    assertThat(topic.read()).hasSize(2_000);
  }

  @Test
  void whatIsDamagedIsFoundAndNotWrittenAnew() throws IOException {
    begin();
    for (int i = 0; i < 60; i++) {
      topic.append("k" + i % 7 + "=" + i);
    }
    topic.storage.flushNow(topic.log());
    try (DiskFile file = disk.open(topic.storage.logFile(0))) {
      file.write(345, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    topic.storage.onOwner(() -> topic.log().noteHighWatermark(topic.log().endOffset()));
    topic.pass(30_000);
    assertThat(topic.storage.damages).hasSize(1);
    assertThat(topic.storage.store().compactions())
        .hasEntrySatisfying(
            LogFixture.NAME, status -> assertThat(status.trouble()).contains("damage"));
    assertThat(topic.storage.store().counters().compactionStuck()).isEqualTo(1);
    assertThat(topic.storage.store().counters().compactedRecords()).isZero();
    assertThat(topic.storage.failures).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  @DisplayName("random histories: a reader from 0 sees every final state, before and after")
  void randomHistories(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    begin();
    int epoch = 1;
    for (int step = 0; step < 150; step++) {
      switch (random.nextInt(12)) {
        case 0 -> topic.compact();
        case 1 -> topic.pass(random.nextInt(40_000));
        case 2 -> {
          topic.storage.flushNow(topic.log());
          assertThat(topic.storage.stop()).isTrue();
          topic.start();
          topic.epoch(++epoch);
        }
        case 3 -> topic.epoch(++epoch);
        default -> {
          topic.compression =
              random.nextInt(3) == 0 ? Compressions.named("lz4") : Compressions.NONE;
          List<String> batch = new ArrayList<>();
          for (int i = 0; i <= random.nextInt(8); i++) {
            String key = "k" + random.nextInt(30);
            batch.add(random.nextInt(5) == 0 ? key : key + "=" + step + ".".repeat(60));
          }
          long producer = random.nextInt(3) == 0 ? 5 : -1;
          topic.append(producer, batch.toArray(new String[0]));
        }
      }
      topic.assertTellsTheTruth();
    }
    topic.compact();
    topic.pass(3 * CompactionFixture.DELETE_RETENTION_MILLIS);
    topic.compact();
    topic.assertTellsTheTruth();
    assertThat(topic.read())
        .hasSameSizeAs(CompactionFixture.state(topic.written.values()).keySet());
    assertThat(verify()).isZero();
    assertThat(topic.storage.failures).isEmpty();
    assertThat(disk.kind(DataPaths.cleaned(topic.storage.logFile(0)))).isEqualTo(FileKind.ABSENT);
  }

  private int verify() throws IOException {
    List<Finding> found = new ArrayList<>();
    LogVerify.Summary summary =
        new LogVerify(disk, found::add).verify(topic.storage.partitionDirectory());
    assertThat(found)
        .noneMatch(
            finding ->
                finding.severity() == Finding.Severity.DAMAGE
                    || finding.what().contains("stranger"));
    return summary.damages();
  }
}
