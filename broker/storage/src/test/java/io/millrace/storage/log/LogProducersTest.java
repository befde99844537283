package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.producers.ProducerLimits;
import io.millrace.storage.producers.ProducerTable;
import io.millrace.storage.producers.Verdict;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 4.7: what a log remembers of its producers is what its batches say, whatever happened to it. */
class LogProducersTest {
  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;
  private final int[] next = new int[5];
  private final Random random = new Random(3);

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(4000, 1 << 30, 500, 1000, 1 << 20);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 1);
  }

  /** Batches of five producers. */
  private void append(int batches) {
    for (int i = 0; i < batches; i++) {
      int id = random.nextInt(next.length);
      fixture.append(log, Batches.of(id, 0, next[id], "v" + i, "w" + i));
      next[id] += 2;
    }
  }

  private List<String> known() {
    return fixture.ask(() -> log.producers().describe());
  }

  /** As a reader of the whole log would have it. */
  private List<String> fromTheLog() {
    return fixture.ask(
        () -> {
          ProducerTable table = new ProducerTable(ProducerLimits.DEFAULT);
          long offset = 0;
          while (log.read(offset, 1 << 20, log.endOffset()) instanceof ReadResult.Data data) {
            BatchIterator batches = new BatchIterator().over(Batches.bytes(data.slice()));
            while (batches.next()) {
              table.learn(batches.batch());
            }
            offset = data.nextOffset();
          }
          return table.describe();
        });
  }

  private Verdict check(ByteBuffer batch) {
    return fixture.ask(() -> log.producers().check(new BatchView().wrap(batch, 0), 0));
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(fixture.partitionDirectory())) {
      if (DataPaths.producersOffset(entry.name()).isPresent()) {
        files.add(fixture.partitionDirectory().resolve(entry.name()));
      }
    }
    return files;
  }

  private void reopen() throws IOException {
    fixture.start();
    log = fixture.open();
  }

  private void powerLoss() {
    fixture.kill();
    disk.losePower();
  }

  @Test
  void learnsWhatIsAppended() {
    append(40);
    assertThat(known()).hasSize(5).isEqualTo(fromTheLog());
    assertThat(check(Batches.of(0, 0, next[0], "next"))).isInstanceOf(Verdict.Append.class);
    assertThat(check(Batches.of(0, 0, next[0] + 1, "gap"))).isInstanceOf(Verdict.OutOfOrder.class);
  }

  @Test
  void remembersAcrossACleanStopWithoutReadingTheLog() throws IOException {
    append(60);
    List<String> before = known();
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    List<Path> read = new ArrayList<>();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ && path.toString().endsWith(".log")) {
            read.add(path);
          }
        });
    log = fixture.open();
    disk.setFaults(DiskFaults.NONE);
    assertThat(known()).isEqualTo(before);
    assertThat(read).isEmpty();
  }

  @Test
  void writesNothingAtACleanStopWhenNobodyCountsRecords() throws IOException {
    fixture.append(log, Batches.single("a"));
    assertThat(fixture.stop()).isTrue();
    assertThat(files()).isEmpty();
    reopen();
    assertThat(known()).isEmpty();
  }

  @Test
  void remembersAfterTheProcessDied() throws IOException {
    append(100);
    List<String> before = known();
    fixture.kill();
    reopen();
    assertThat(known()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void isWhatTheLogSaysAfterAPowerLoss(int seed) throws IOException {
    random.setSeed(seed);
    append(50);
    fixture.flushNow(log);
    append(50);
    powerLoss();
    reopen();
    assertThat(known()).isEqualTo(fromTheLog());
    fixture.beginEpoch(log, 2);
    for (int id = 0; id < next.length; id++) {
      next[id] = 1000 * seed; // copies may begin anywhere
    }
    append(100);
    fixture.settle();
    powerLoss();
    reopen();
    assertThat(known()).isEqualTo(fromTheLog());
  }

  @Test
  @DisplayName("4.4: a cut takes back what the producers had appended behind it")
  void isWhatTheLogSaysAfterACut() throws IOException {
    append(120);
    fixture.flushNow(log);
    for (long to : new long[] {237, 160, 90, 31, 2, 0}) {
      fixture.onOwner(() -> log.truncateTo(to, () -> {}));
      assertThat(known()).isEqualTo(fromTheLog());
      fixture.beginEpoch(log, 300 - (int) to);
      append(1);
      assertThat(known()).isEqualTo(fromTheLog());
    }
    append(80);
    fixture.kill();
    reopen();
    assertThat(known()).isEqualTo(fromTheLog());
  }

  @Test
  void knowsNobodyWhenTheLogStartsOver() throws IOException {
    append(150);
    fixture.flushNow(log);
    fixture.onOwner(() -> log.startOver(1000, 1000, () -> {}));
    assertThat(known()).isEmpty();
    assertThat(files()).isEmpty();
    fixture.beginEpoch(log, 9);
    fixture.append(log, Batches.of(3, 0, 4711, "copied"));
    List<String> before = known();
    assertThat(before).hasSize(1);
    assertThat(fixture.stop()).isTrue();
    reopen();
    assertThat(known()).isEqualTo(before);
  }

  @Test
  @DisplayName("4.7: a follower knows what its leader has written")
  void learnsFromCopies() {
    ByteBuffer batch = Batches.of(9, 4, 77, "a", "b");
    new BatchView().wrap(batch, 0).stamp(0, 1, 5);
    fixture.ask(() -> log.appendCopy(batch.duplicate(), 5));
    assertThat(check(Batches.of(9, 4, 77, "a", "b"))).isEqualTo(new Verdict.Duplicate(0, 5));
    assertThat(check(Batches.of(9, 4, 79, "c"))).isInstanceOf(Verdict.Append.class);
  }

  @Test
  @DisplayName("R15: without it a new leader knows nobody")
  void r15_knowsNobodyWhenCopiesAreNotLearnt() {
    ByteBuffer batch = Batches.of(9, 4, 0, "a", "b");
    new BatchView().wrap(batch, 0).stamp(0, 1, 5);
    try (WithoutRule without = new WithoutRule(SafetyRule.R15)) {
      fixture.ask(() -> log.appendCopy(batch.duplicate(), 5));
    }
    assertThat(check(Batches.of(9, 4, 0, "a", "b"))).isInstanceOf(Verdict.Append.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "damaged", "empty"})
  @DisplayName("B86: a producer snapshot that is missing or damaged is rebuilt from the log")
  void b86_rebuildsFromTheLog(String how) throws IOException {
    append(100);
    List<String> before = known();
    assertThat(fixture.stop()).isTrue();
    assertThat(files()).isNotEmpty();
    for (Path file : files()) {
      if (how.equals("missing")) {
        disk.delete(file);
      } else {
        try (DiskFile open = disk.open(file)) {
          if (how.equals("empty")) {
            open.truncate(0);
          } else {
            open.write(open.size() / 2, ByteBuffer.wrap(new byte[] {'?'}));
          }
        }
      }
    }
    reopen();
    assertThat(known()).isEqualTo(before);
  }

  @Test
  @DisplayName("B86: one that is ahead of the log is deleted, and not believed later either")
  void b86_forgetsWhatIsAheadOfTheLog() throws IOException {
    append(50);
    fixture.flushNow(log);
    fixture.kill();
    Path ahead = DataPaths.producers(fixture.partitionDirectory(), 130);
    Path of = files().get(files().size() - 1);
    disk.rename(of, ahead);
    reopen();
    assertThat(files()).doesNotContain(ahead);
    assertThat(known()).isEqualTo(fromTheLog());
  }

  @Test
  void keepsOneForEachSegmentAndOneForTheEnd() throws IOException {
    append(200);
    fixture.flushNow(log);
    int segments = fixture.ask(log::segmentCount);
    assertThat(segments).isGreaterThan(3);
    assertThat(files()).hasSize(segments - 1);
    fixture.storeConfig = fixture.storeConfig.withRetentionIntervalMillis(1000);
    look();
    look();
    assertThat(files()).hasSize(segments);
    append(1);
    look();
    look();
    assertThat(files())
        .hasSize(segments)
        .contains(DataPaths.producers(fixture.partitionDirectory(), fixture.ask(log::endOffset)));
    look();
    assertThat(files()).hasSize(segments);
  }

  /** As the store does every ten seconds. */
  private void look() {
    log.retainLater(1_700_000_000_000L);
    fixture.settle();
  }

  @Test
  @DisplayName("4.9: what was removed by retention stays known; its files go")
  void remembersWhoWroteWhatHasBeenRemoved() throws IOException {
    append(200);
    fixture.flushNow(log);
    List<String> before = known();
    fixture.onOwner(() -> log.trim(380, 400, result -> {}));
    fixture.settle();
    assertThat(known()).isEqualTo(before);
    assertThat(files()).hasSizeLessThan(3);
    assertThat(fixture.stop()).isTrue();
    reopen();
    assertThat(known()).isEqualTo(before);
  }

  @Test
  void aFullDiskCostsOnlyTheFile() throws IOException {
    append(20);
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.CREATE && path.toString().contains(".producers")) {
            throw new DiskFullException("no room for " + path);
          }
        });
    assertThat(fixture.stop()).isTrue();
    disk.setFaults(DiskFaults.NONE);
    reopen();
    assertThat(known()).isEqualTo(fromTheLog());
  }
}
