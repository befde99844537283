package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.Doubt;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.SimulatedCrash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogRecoveryTest {
  private MemoryDisk disk;
  private LogFixture fixture;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.start();
  }

  private PartitionLog openInEpoch(int epoch) {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, epoch);
    checkpoint(); // says that the log was open, and whole, in this boot
    return log;
  }

  /** What is in the log, or why it is offline, when a broker starts on a disk as it stands. */
  private static List<String> recordsAfterRestart(MemoryDisk disk) throws IOException {
    LogFixture restarted = LogFixture.inMemory(disk);
    restarted.start();
    LogOpening opening = restarted.tryOpen();
    if (opening instanceof LogOpening.Offline offline) {
      return List.of("offline: " + offline.why());
    }
    return restarted.readAll(((LogOpening.Opened) opening).log(), 0, 1 << 20);
  }

  private MemoryDisk afterPowerLoss() {
    MemoryDisk copy = disk.copy(1);
    copy.losePower(1);
    return copy;
  }

  private MemoryDisk afterProcessCrash() {
    MemoryDisk copy = disk.copy(1);
    copy.killProcess();
    return copy;
  }

  private void replaceLog(MemoryDisk where, long baseOffset, byte[] bytes) {
    where.put(fixture.logFile(baseOffset), bytes);
  }

  @Test
  void b81_recoversToTheLastWholeBatchWhereverTheLastOneIsTorn() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.append(log, Batches.single("two"));
    int whole = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("three"));
    byte[] all = disk.contents(fixture.logFile(0));

    for (int size = whole; size < all.length; size++) {
      for (MemoryDisk crashed : List.of(afterPowerLoss(), afterProcessCrash())) {
        replaceLog(crashed, 0, Arrays.copyOf(all, size));
        assertThat(recordsAfterRestart(crashed)).containsExactly("0:one", "1:two");
        assertThat(crashed.contents(fixture.logFile(0))).hasSize(whole);
      }
    }
  }

  @Test
  void b81_recoversToTheLastWholeBatchWhateverByteOfTheLastIsDamaged() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    int whole = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("two"));
    byte[] all = disk.contents(fixture.logFile(0));

    for (int at = whole; at < all.length; at++) {
      MemoryDisk crashed = afterPowerLoss();
      byte[] damaged = all.clone();
      damaged[at] ^= 0x10;
      replaceLog(crashed, 0, damaged);
      List<String> records = recordsAfterRestart(crashed);
      // The checksum does not cover what the leader writes in place: a wrong offset or epoch is
      // told from its neighbours, a wrong append time is not told at all.
      assertThat(records)
          .isIn(
              List.of("0:one"),
              List.of("0:one", "1:two"),
              records.get(0).startsWith("offline") ? records : List.of());
    }
  }

  @Test
  void b81_keepsEverythingBelowTheRecoveryPointAndCutsOnlyAboveIt() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("forced"));
    fixture.flushNow(log);
    checkpoint();
    fixture.append(log, Batches.single("not forced"));
    byte[] all = disk.contents(fixture.logFile(0));

    MemoryDisk crashed = afterPowerLoss();
    replaceLog(crashed, 0, Arrays.copyOf(all, all.length - 1));
    assertThat(recordsAfterRestart(crashed)).containsExactly("0:forced");
  }

  private void checkpoint() {
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
  }

  @Test
  @DisplayName("b82, r22: damage below the recovery point is refused, and nothing is cut")
  void b82_refusesDamageBelowTheRecoveryPoint() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    int first = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("two"));
    fixture.flushNow(log);
    checkpoint();
    fixture.append(log, Batches.single("three"));
    byte[] all = disk.contents(fixture.logFile(0));

    for (MemoryDisk crashed : List.of(afterPowerLoss(), afterProcessCrash())) {
      byte[] damaged = all.clone();
      damaged[first + 60] ^= 1;
      replaceLog(crashed, 0, damaged);
      assertThat(recordsAfterRestart(crashed).get(0))
          .startsWith("offline")
          .contains("position " + first)
          .contains("nothing was cut");
      assertThat(crashed.contents(fixture.logFile(0))).isEqualTo(damaged);
    }
  }

  @Test
  @DisplayName("b82: damage before whole batches is no crash's doing while the page cache lives")
  void b82_refusesDamageInTheMiddleAfterAProcessCrash() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    int first = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("two"));
    fixture.append(log, Batches.single("three"));
    byte[] damaged = disk.contents(fixture.logFile(0));
    damaged[first + 60] ^= 1;

    MemoryDisk crashed = afterProcessCrash();
    replaceLog(crashed, 0, damaged);
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline");

    // After a power loss the same bytes are what pages written in another order leave behind.
    MemoryDisk lost = afterPowerLoss();
    replaceLog(lost, 0, damaged);
    assertThat(recordsAfterRestart(lost)).containsExactly("0:one");
  }

  private static long endOf(LogFixture fixture) {
    PartitionLog log = fixture.open();
    return fixture.ask(log::endOffset);
  }

  /** Three batches, of which the second is damaged where it lies; after a loss of power. */
  private MemoryDisk withDamage(UnaryOperator<byte[]> damage) throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.append(log, Batches.single("x".repeat(9_000)));
    fixture.append(log, Batches.single("three"));
    MemoryDisk lost = afterPowerLoss();
    replaceLog(lost, 0, damage.apply(disk.contents(fixture.logFile(0))));
    return lost;
  }

  @Test
  @DisplayName("P-8: rot above the recovery point is cut, and the log's word is not taken any more")
  void p8_rotAboveTheRecoveryPointLeavesADoubt() throws IOException {
    MemoryDisk lost =
        withDamage(
            bytes -> {
              bytes[5_000] ^= 1;
              return bytes;
            });
    LogFixture restarted = LogFixture.inMemory(lost);
    restarted.start();
    assertThat(endOf(restarted)).isEqualTo(1);
    assertThat(restarted.store().doubtOf(LogFixture.NAME)).contains(Doubt.FLUSHED);

    restarted.kill();
    lost.losePower(1);
    LogFixture again = LogFixture.inMemory(lost);
    again.start();
    assertThat(endOf(again)).isEqualTo(1);
    assertThat(again.store().doubtOf(LogFixture.NAME))
        .as("though nothing shows it any more")
        .contains(Doubt.FLUSHED);
    again.store().settleDoubt(LogFixture.NAME, done -> assertThat(done).isTrue());
    again.settle();
    assertThat(again.store().doubtOf(LogFixture.NAME)).isEmpty();
  }

  @Test
  @DisplayName("P-8: the doubt stands on the disk before the cut, wherever a crash comes")
  void p8_noCrashTakesTheDoubtAway() throws IOException {
    MemoryDisk lost =
        withDamage(
            bytes -> {
              bytes[5_000] ^= 1;
              return bytes;
            });
    for (int step = 1; step <= 40; step++) {
      for (boolean isPowerLost : new boolean[] {false, true}) {
        MemoryDisk crashing = lost.copy(step);
        crashing.crashAt(crashing.steps() + step);
        try {
          LogFixture broken = LogFixture.inMemory(crashing);
          broken.start();
          broken.tryOpen();
        } catch (SimulatedCrash | IOException e) {
          assertThat(e).isNotNull();
        }
        if (isPowerLost) {
          crashing.losePower(0.5);
        } else {
          crashing.killProcess();
        }
        LogFixture restarted = LogFixture.inMemory(crashing);
        restarted.start();
        restarted.tryOpen();
        assertThat(restarted.store().doubtOf(LogFixture.NAME))
            .as("crash at step %d", step)
            .contains(Doubt.FLUSHED);
      }
    }
  }

  @Test
  @DisplayName("P-8: pages that were never written are what a loss of power leaves, and no doubt")
  void p8_whatALostWriteLeavesIsNoDoubt() throws IOException {
    for (int lostFrom : new int[] {512, 4_096, 8_192}) {
      disk = LogFixture.memoryDisk(1);
      fixture = LogFixture.inMemory(disk);
      fixture.start();
      MemoryDisk lost =
          withDamage(
              bytes -> {
                Arrays.fill(
                    bytes, lostFrom, Math.min(lostFrom + 512, bytes.length - 200), (byte) 0);
                return bytes;
              });
      LogFixture restarted = LogFixture.inMemory(lost);
      restarted.start();
      assertThat(endOf(restarted)).isEqualTo(1);
      assertThat(restarted.store().doubtOf(LogFixture.NAME)).isEmpty();
    }
  }

  @Test
  @DisplayName("b82, b87: a lost checkpoint is no reason to cut damage out after a process crash")
  void b87_refusesDamageInTheMiddleThoughTheCheckpointIsLost() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    int first = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("two"));
    fixture.append(log, Batches.single("three"));
    byte[] damaged = disk.contents(fixture.logFile(0));
    damaged[first + 60] ^= 1;

    MemoryDisk crashed = afterProcessCrash();
    crashed.delete(fixture.root.resolve("checkpoint"));
    replaceLog(crashed, 0, damaged);
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline");
  }

  @Test
  void b83_takesAZeroFilledTailForTheEnd() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    byte[] all = disk.contents(fixture.logFile(0));

    for (int zeros : new int[] {1, 2, 3, 79, 80, 511, 4096, 1 << 20}) {
      for (MemoryDisk crashed : List.of(afterPowerLoss(), afterProcessCrash())) {
        replaceLog(crashed, 0, Arrays.copyOf(all, all.length + zeros));
        assertThat(recordsAfterRestart(crashed)).containsExactly("0:one");
        assertThat(crashed.contents(fixture.logFile(0))).hasSize(all.length);
      }
    }
  }

  @Test
  void b83_takesASegmentOfZerosForAnEmptyOne() throws IOException {
    openInEpoch(0);
    MemoryDisk crashed = afterPowerLoss();
    replaceLog(crashed, 0, new byte[1 << 20]);
    assertThat(recordsAfterRestart(crashed)).isEmpty();
  }

  /** Segments of one batch each. */
  private PartitionLog threeSegments() {
    fixture.config = LogConfig.DEFAULT.withSegmentBytes(1024);
    PartitionLog log = openInEpoch(0);
    for (String value : List.of("one", "two", "three")) {
      fixture.append(log, Batches.single(value + " ".repeat(1000)));
    }
    return log;
  }

  @Test
  void b84_refusesAnOffsetThatGoesBackInsideASegment() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    byte[] one = disk.contents(fixture.logFile(0));
    MemoryDisk crashed = afterPowerLoss();
    replaceLog(crashed, 0, Batches.concat(ByteBuffer.wrap(one), ByteBuffer.wrap(one)).array());
    assertThat(recordsAfterRestart(crashed).get(0))
        .startsWith("offline")
        .contains("offset 0")
        .contains("where 1 comes next");
  }

  @Test
  void b84_refusesOverlappingSegments() throws IOException {
    threeSegments();
    byte[] two = disk.contents(fixture.logFile(1));
    MemoryDisk crashed = afterProcessCrash();
    byte[] one = crashed.contents(fixture.logFile(0));
    replaceLog(crashed, 0, Batches.concat(ByteBuffer.wrap(one), ByteBuffer.wrap(two)).array());
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline").contains("overlaps");
  }

  @Test
  void b84_refusesAHoleBetweenSegments() throws IOException {
    threeSegments();
    MemoryDisk crashed = afterProcessCrash();
    crashed.delete(fixture.logFile(1));
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline").contains("hole");
  }

  @Test
  void b84_refusesAHoleBelowTheRecoveryPointThoughNothingThereIsReadAgain() throws IOException {
    fixture.flushNow(threeSegments());
    checkpoint();
    MemoryDisk crashed = afterPowerLoss();
    crashed.delete(fixture.logFile(1));
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline").contains("hole");
  }

  @Test
  void b84_refusesAHoleAfterACleanStopToo() throws IOException {
    threeSegments();
    assertThat(fixture.stop()).isTrue();
    disk.delete(fixture.logFile(1));
    fixture.start();
    assertThat(fixture.tryOpen()).isInstanceOf(LogOpening.Offline.class);
  }

  @Test
  void b84_leavesOtherPartitionsAlone() throws IOException {
    threeSegments();
    disk.delete(fixture.logFile(1));
    fixture.kill();
    disk.killProcess();
    fixture.start();
    assertThat(fixture.tryOpen()).isInstanceOf(LogOpening.Offline.class);
    assertThat(fixture.failures).isEmpty();
    assertThat(fixture.store().failure()).isNull();
  }

  @Test
  @DisplayName("a power loss may take the tail of one segment and leave the next: both go")
  void dropsSegmentsBehindALostTail() throws IOException {
    threeSegments();
    MemoryDisk lost = afterPowerLoss();
    byte[] one = disk.contents(fixture.logFile(0));
    byte[] two = disk.contents(fixture.logFile(1));
    replaceLog(lost, 0, one);
    replaceLog(lost, 1, Arrays.copyOf(two, two.length - 1));
    replaceLog(lost, 2, disk.contents(fixture.logFile(2)));

    LogFixture restarted = LogFixture.inMemory(lost);
    restarted.config = fixture.config;
    RecoveryReport report = restarted.reopenAndReport();
    assertThat(report.cutWholeBatches()).isEqualTo(1);
    assertThat(report.cutBytes()).isGreaterThan(two.length);
    assertThat(lost.kind(fixture.logFile(2)).name()).isEqualTo("ABSENT");
    assertThat(lost.contents(fixture.logFile(1))).isEmpty();
  }

  @Test
  void b85_makesAMissingDamagedOrForeignIndexAgain() throws IOException {
    fixture.config = new LogConfig(8192, 1 << 30, 256, 1000, 1 << 20);
    PartitionLog log = openInEpoch(0);
    for (int i = 0; i < 60; i++) {
      fixture.append(log, Batches.single("value " + i));
    }
    List<String> records = fixture.readAll(log, 0, 500);
    assertThat(fixture.stop()).isTrue();
    byte[] index = disk.contents(fixture.indexFile(0));
    byte[] foreign = index.clone();

    for (byte[] bad :
        List.of(
            new byte[0],
            Arrays.copyOf(index, index.length / 2),
            Arrays.copyOf(index, index.length + 100),
            new byte[index.length],
            flipped(index, 3),
            flipped(index, index.length / 2),
            flipped(index, index.length - 1),
            unsorted(),
            pastTheEnd(),
            ofAnotherSegment())) {
      disk.put(fixture.indexFile(0), bad);
      fixture.start();
      assertThat(fixture.readAll(fixture.open(), 7, 500)).isEqualTo(records.subList(7, 60));
      assertThat(fixture.stop()).isTrue();
    }
    disk.delete(fixture.indexFile(0));
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 7, 500)).isEqualTo(records.subList(7, 60));
    assertThat(foreign).isEqualTo(index);
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] copy = bytes.clone();
    copy[at] ^= 1;
    return copy;
  }

  private static byte[] block(long base, int... deltasAndPositions) {
    ByteBuffer entries = ByteBuffer.allocate(1000).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < deltasAndPositions.length; i += 2) {
      IndexFile.putEntry(entries, deltasAndPositions[i], deltasAndPositions[i + 1], 0);
    }
    ByteBuffer block = IndexFile.block(base, entries.flip(), null);
    byte[] bytes = new byte[block.remaining()];
    block.get(bytes);
    return bytes;
  }

  private static byte[] unsorted() {
    return block(0, 10, 1000, 9, 2000);
  }

  private static byte[] pastTheEnd() {
    return block(0, 3, 5_000_000);
  }

  private static byte[] ofAnotherSegment() {
    return block(77, 3, 300);
  }

  @Test
  @DisplayName("b85: an index that leads between batches is found out when it is used")
  void b85_findsOutAnIndexThatLies() throws IOException {
    PartitionLog log = openInEpoch(0);
    for (int i = 0; i < 20; i++) {
      fixture.append(log, Batches.single("value " + i));
    }
    List<String> records = fixture.readAll(log, 0, 1 << 20);
    assertThat(fixture.stop()).isTrue();
    disk.put(fixture.indexFile(0), block(0, 5, 501, 10, 1002));
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 12, 1 << 20)).isEqualTo(records.subList(12, 20));
  }

  @Test
  void b86_makesLostOrDamagedLeaderEpochsAgain() throws IOException {
    PartitionLog log = openInEpoch(3);
    fixture.append(log, Batches.single("a"));
    fixture.beginEpoch(log, 5);
    fixture.append(log, Batches.single("b"));
    fixture.flushNow(log);
    java.nio.file.Path epochs =
        io.millrace.storage.directory.DataPaths.leaderEpochs(fixture.partitionDirectory());
    byte[] good = disk.contents(epochs);

    for (byte[] bad : List.of(new byte[0], flipped(good, 30), Arrays.copyOf(good, 20))) {
      MemoryDisk crashed = afterPowerLoss();
      crashed.put(epochs, bad);
      LogFixture restarted = LogFixture.inMemory(crashed);
      restarted.start();
      PartitionLog again = restarted.open();
      assertThat(restarted.<Integer>ask(again::latestEpoch)).isEqualTo(5);
      assertThat(restarted.ask(() -> again.endOffsetForEpoch(4))).isEqualTo(new EpochEnd(3, 1));
      assertThat(crashed.contents(epochs)).isEqualTo(good);
    }
  }

  @Test
  void b86_forgetsEpochsThatAreAheadOfTheLog() throws IOException {
    PartitionLog log = openInEpoch(3);
    fixture.append(log, Batches.single("a"));
    fixture.append(log, Batches.single("b"));
    fixture.beginEpoch(log, 5);
    fixture.flushNow(log);
    MemoryDisk lost = afterPowerLoss();
    replaceLog(lost, 0, new byte[0]);
    LogFixture restarted = LogFixture.inMemory(lost);
    restarted.start();
    PartitionLog again = restarted.open();
    assertThat(restarted.<Integer>ask(again::latestEpoch)).isEqualTo(3);
  }

  @Test
  @DisplayName("b87: a recovery point ahead of the log is not believed")
  void b87_readsTheWholeLogWhenTheRecoveryPointIsAheadOfIt() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    int one = disk.contents(fixture.logFile(0)).length;
    fixture.append(log, Batches.single("two"));
    fixture.flushNow(log);
    checkpoint();
    MemoryDisk crashed = afterPowerLoss();
    replaceLog(crashed, 0, Arrays.copyOf(crashed.contents(fixture.logFile(0)), one));

    LogFixture restarted = LogFixture.inMemory(crashed);
    assertThat(restarted.reopenAndReport().belowRecoveryPoint()).isTrue();
  }

  @Test
  void b87_ignoresAGarbledCheckpoint() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.flushNow(log);
    checkpoint();
    java.nio.file.Path checkpoint = fixture.root.resolve("checkpoint");
    byte[] good = disk.contents(checkpoint);
    for (byte[] bad : List.of(new byte[0], flipped(good, 50), Arrays.copyOf(good, 60))) {
      MemoryDisk crashed = afterPowerLoss();
      crashed.put(checkpoint, bad);
      assertThat(recordsAfterRestart(crashed)).containsExactly("0:one");
    }
  }

  @Test
  void b89_finishesOrIgnoresStrayFilesInAPartition() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.flushNow(log);
    MemoryDisk crashed = afterPowerLoss();
    java.nio.file.Path directory = fixture.partitionDirectory();
    List<String> strangers =
        List.of("1.log", "notes.txt", "0000000000000000000x.log", "99999999999999999999.log", "x~");
    strangers.forEach(name -> crashed.put(directory.resolve(name), new byte[] {1}));
    crashed.put(directory.resolve("leader-epochs.tmp"), new byte[] {1});
    crashed.put(directory.resolve("00000000000000000000.index.tmp"), new byte[] {1});

    assertThat(recordsAfterRestart(crashed)).containsExactly("0:one");

    List<String> left = crashed.list(directory).stream().map(entry -> entry.name()).toList();
    assertThat(left).containsAll(strangers).noneMatch(name -> name.endsWith(".tmp"));
  }

  @Test
  void refusesALogWhoseFilesAreAllGoneThoughRecordsWereOnDisk() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.flushNow(log);
    checkpoint();
    MemoryDisk crashed = afterPowerLoss();
    crashed.delete(fixture.logFile(0));
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline").contains("no segment");
  }

  @Test
  @DisplayName("f18: a directory that has vanished is not made anew, unless it was deleted")
  void f18_refusesAPartitionWhoseDirectoryIsGone() throws IOException {
    PartitionLog log = openInEpoch(0);
    fixture.append(log, Batches.single("one"));
    fixture.flushNow(log);
    checkpoint();
    MemoryDisk crashed = afterPowerLoss();
    crashed.rename(fixture.partitionDirectory(), java.nio.file.Path.of("/memory/elsewhere"));
    assertThat(recordsAfterRestart(crashed).get(0)).startsWith("offline").contains("is missing");

    fixture.store().delete(LogFixture.NAME, 0, failure -> assertThat(failure).isNull());
    fixture.settle();
    assertThat(recordsAfterRestart(afterPowerLoss())).isEmpty();
  }

  @Test
  void readsAgainOnlyFromNearTheRecoveryPoint() throws IOException {
    fixture.config = new LogConfig(1 << 20, 1 << 30, 256, 1000, 1 << 20);
    PartitionLog log = openInEpoch(0);
    for (int i = 0; i < 500; i++) {
      fixture.append(log, Batches.single("value " + i));
    }
    fixture.flushNow(log);
    checkpoint();
    fixture.append(log, Batches.single("last"));
    fixture.kill();
    disk.killProcess();
    long size = disk.contents(fixture.logFile(0)).length;
    RecoveryReport report = fixture.reopenAndReport();
    assertThat(report.readBytes()).isLessThan(size / 20);
  }
}
