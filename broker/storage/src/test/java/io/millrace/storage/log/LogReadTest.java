package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.FileSlice;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.NioDisk;
import io.millrace.wire.BatchIterator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReadTest {
  private static final long TIME = 1_700_000_000_000L;

  private MemoryDisk disk;
  private LogFixture fixture;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(4096, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
  }

  private PartitionLog open() {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 0);
    return log;
  }

  private ReadResult read(PartitionLog log, long offset, long maxBytes, long visibleEnd) {
    return fixture.ask(() -> log.read(offset, maxBytes, visibleEnd));
  }

  private static List<String> records(ReadResult result) {
    return Batches.records(Batches.bytes(((ReadResult.Data) result).slice()));
  }

  private static List<String> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> i + ":value " + i).toList();
  }

  private PartitionLog numberedLog(int count) {
    PartitionLog log = open();
    for (int i = 0; i < count; i++) {
      fixture.append(log, Batches.batch(TIME + 10L * i, "value " + i));
    }
    return log;
  }

  @Test
  @DisplayName("4.8: out of range, nothing yet, data")
  void answersEveryOffsetByRule() {
    PartitionLog log = numberedLog(5);
    assertThat(read(log, -1, 100, 5)).isEqualTo(new ReadResult.OutOfRange(0, 5));
    assertThat(read(log, 6, 100, 6)).isEqualTo(new ReadResult.OutOfRange(0, 5));
    assertThat(read(log, Long.MAX_VALUE, 100, 5)).isEqualTo(new ReadResult.OutOfRange(0, 5));
    assertThat(read(log, 5, 100, 5)).isInstanceOf(ReadResult.Nothing.class);
    assertThat(read(log, 4, 100, 3)).isInstanceOf(ReadResult.Nothing.class);
    assertThat(records(read(log, 4, 100, 5))).containsExactly("4:value 4");
  }

  @Test
  void givesAtLeastOneWholeBatchHoweverSmallTheLimit() {
    PartitionLog log = numberedLog(200);
    for (int offset = 0; offset < 200; offset++) {
      ReadResult.Data data = (ReadResult.Data) read(log, offset, 1, 200);
      assertThat(data.nextOffset()).isEqualTo(offset + 1);
      assertThat(records(data)).containsExactly(offset + ":value " + offset);
    }
  }

  @Test
  void staysWithinTheLimitOtherwise() {
    PartitionLog log = numberedLog(200);
    for (int offset = 0; offset < 200; offset += 7) {
      ReadResult.Data data = (ReadResult.Data) read(log, offset, 700, 200);
      assertThat(data.slice().size()).isBetween(90L, 700L);
      data.slice().release();
    }
  }

  @Test
  void showsNothingAtOrBehindTheVisibleEnd() {
    PartitionLog log = numberedLog(200);
    for (int end = 1; end <= 200; end += 3) {
      List<String> seen = new ArrayList<>();
      long next = 0;
      while (read(log, next, 1000, end) instanceof ReadResult.Data data) {
        seen.addAll(records(data));
        next = data.nextOffset();
      }
      assertThat(seen).isEqualTo(numbered(end));
    }
  }

  @Test
  void beginsBeforeTheOffsetWhenThatIsInsideABatch() {
    PartitionLog log = open();
    fixture.append(log, Batches.batch(TIME, "a", "b", "c"));
    fixture.append(log, Batches.batch(TIME, "d", "e"));
    assertThat(records(read(log, 1, 1, 5))).containsExactly("0:a", "1:b", "2:c");
    assertThat(records(read(log, 4, 1, 5))).containsExactly("3:d", "4:e");
  }

  @Test
  @DisplayName("4.1: a batch of which only a part may be seen is not shown")
  void showsNoHalfBatch() {
    PartitionLog log = open();
    fixture.append(log, Batches.batch(TIME, "a", "b", "c"));
    assertThat(read(log, 0, 100, 2)).isInstanceOf(ReadResult.Nothing.class);
  }

  @Test
  void readsTheSameAfterARestartWhenIndexesComeFromDisk() throws IOException {
    PartitionLog log = numberedLog(300);
    assertThat(fixture.readAll(log, 0, 700)).isEqualTo(numbered(300));
    assertThat(fixture.stop()).isTrue();

    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(records(read(again, 150, 1, 300))).containsExactly("150:value 150");
    assertThat(fixture.readAll(again, 0, 700)).isEqualTo(numbered(300));
    fixture.beginEpoch(again, 1);
    fixture.append(again, Batches.batch(TIME, "value 300"));
    assertThat(fixture.readAll(again, 0, 700)).isEqualTo(numbered(301));
  }

  @Test
  @DisplayName("a segment of its own for each batch that is larger than a segment")
  void rollsBySizeAndNeverSplitsABatch() {
    PartitionLog log = open();
    fixture.append(log, Batches.single("small"));
    fixture.append(log, Batches.single("x".repeat(10_000)), Batches.single("y".repeat(10_000)));
    fixture.append(log, Batches.single("small again"));
    assertThat(fixture.<Integer>ask(log::segmentCount)).isEqualTo(4);
    assertThat(fixture.readAll(log, 0, 1)).hasSize(4);
  }

  @Test
  void rollsByAgeAtTheNextAppendOrWhenAsked() throws IOException {
    fixture.config = LogConfig.DEFAULT.withSegmentAgeMillis(1000);
    PartitionLog log = open();
    fixture.append(log, Batches.single("a"));
    fixture.owner.advanceMillis(999);
    fixture.append(log, Batches.single("b"));
    assertThat(fixture.<Integer>ask(log::segmentCount)).isEqualTo(1);
    fixture.owner.advanceMillis(1);
    fixture.append(log, Batches.single("c"));
    assertThat(fixture.<Integer>ask(log::segmentCount)).isEqualTo(2);
    fixture.owner.advanceMillis(1000);
    long now = fixture.owner.clock().wallMillis();
    assertThat(rolls(log, now)).isTrue();
    assertThat(rolls(log, now)).isFalse();
    assertThat(fixture.readAll(log, 0, 1 << 20)).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  void knowsTheAgeOfItsSegmentAfterARestart() throws IOException {
    fixture.config = LogConfig.DEFAULT.withSegmentAgeMillis(60_000);
    PartitionLog log = open();
    fixture.append(log, Batches.single("a"));
    long appended = fixture.owner.clock().wallMillis();
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(rolls(again, appended + 59_999)).isFalse();
    assertThat(rolls(again, appended + 60_000)).isTrue();
  }

  @Test
  void findsTheFirstRecordOfATimeOrLater() throws IOException {
    PartitionLog log = numberedLog(200);
    checkTimes(log);
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    checkTimes(fixture.open());
  }

  private void checkTimes(PartitionLog log) {
    for (int i = 0; i < 200; i += 9) {
      long time = TIME + 10L * i;
      assertThat(at(log, time, 200)).contains(new TimedOffset(i, time, 0));
      assertThat(at(log, time - 5, 200)).contains(new TimedOffset(i, time, 0));
      assertThat(at(log, time, i)).isEmpty();
    }
    assertThat(at(log, 0, 200)).contains(new TimedOffset(0, TIME, 0));
    assertThat(at(log, TIME + 1991, 200)).isEmpty();
  }

  private Optional<TimedOffset> at(PartitionLog log, long time, long visibleEnd) {
    return fixture.timeOf(log, time, visibleEnd);
  }

  @Test
  void findsTimesInsideBatchesAndOutOfOrder() {
    PartitionLog log = open();
    fixture.append(log, Batches.batch(TIME, "a", "b", "c"));
    fixture.append(log, Batches.batch(TIME + 100, "d"));
    fixture.append(log, Batches.batch(TIME + 50, "e"));
    assertThat(at(log, TIME + 2, 5)).contains(new TimedOffset(2, TIME + 2, 0));
    assertThat(at(log, TIME + 3, 5)).contains(new TimedOffset(3, TIME + 100, 0));
    assertThat(at(log, TIME + 101, 5)).isEmpty();
  }

  @Test
  void sendsSlicesThatOutliveTheSegment(@TempDir Path folder) throws IOException {
    LogFixture real = new LogFixture(new NioDisk(), folder.resolve("data"));
    real.start();
    PartitionLog log = real.open();
    real.beginEpoch(log, 0);
    real.append(log, Batches.single("here"), Batches.single("there"));
    FileSlice slice = real.ask(() -> ((ReadResult.Data) log.read(0, 1 << 20, 2)).slice());

    real.store().delete(LogFixture.NAME, 0, failure -> assertThat(failure).isNull());
    real.settle();
    real.store().emptyTrash(Long.MAX_VALUE);
    real.settle();

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long moved = 0;
    while (moved < slice.size()) {
      moved += slice.transferTo(moved, Channels.newChannel(out));
    }
    assertThat(Batches.records(ByteBuffer.wrap(out.toByteArray())))
        .containsExactly("0:here", "1:there");
    slice.release();
    assertThatThrownBy(slice::release).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> slice.read(0, ByteBuffer.allocate(1)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("b91: a disk that cannot be read takes the partition offline, not the process")
  void b91_goesOfflineWhenItsFilesCannotBeRead() throws IOException {
    PartitionLog log = numberedLog(100);
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    PartitionLog again = fixture.open();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.READ && path.toString().endsWith(".log")) {
            throw new IOException("Input/output error");
          }
        });
    assertThatThrownBy(() -> read(again, 50, 1, 100))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("Input/output error");
    assertThat(fixture.failures).hasSize(1);
    assertThatThrownBy(() -> read(again, 0, 1, 100)).hasMessageContaining("is offline");
    assertThat(fixture.store().failure()).isNull();
    assertThat(log).isNotSameAs(again);
  }

  @Test
  void b91_goesOfflineWhenAFileShrinksUnderASlice() throws IOException {
    PartitionLog log = numberedLog(10);
    FileSlice slice = ((ReadResult.Data) read(log, 0, 1 << 20, 10)).slice();
    try (var file = disk.open(fixture.logFile(0))) {
      file.truncate(100);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThatThrownBy(
            () -> {
              long moved = 0;
              while (moved < slice.size()) {
                moved += slice.transferTo(moved, Channels.newChannel(out));
              }
            })
        .isInstanceOf(CorruptLogException.class)
        .hasMessageContaining("shorter");
    fixture.settle();
    assertThat(fixture.failures).hasSize(1);
    slice.release();
  }

  @Test
  @DisplayName("b91: a socket that fails is not the disk's fault")
  void b91_staysOnlineWhenTheSocketFails() {
    PartitionLog log = numberedLog(10);
    FileSlice slice = ((ReadResult.Data) read(log, 0, 1 << 20, 10)).slice();
    assertThatThrownBy(() -> slice.transferTo(0, new FailingChannel())).hasMessage("Broken pipe");
    slice.release();
    fixture.settle();
    assertThat(fixture.failures).isEmpty();
  }

  private static final class FailingChannel implements java.nio.channels.WritableByteChannel {
    @Override
    public int write(ByteBuffer source) throws IOException {
      throw new IOException("Broken pipe");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  @DisplayName("b92: however many segments are read, few files stay open")
  void b92_boundsOpenFiles() throws IOException {
    PartitionLog log = numberedLog(300);
    assertThat(fixture.<Integer>ask(log::segmentCount)).isGreaterThan(6);
    OpenFiles files = new OpenFiles(3);
    List<SegmentFile> opened = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      SegmentFile file = new SegmentFile(disk.openForReading(fixture.logFile(0)));
      files.add(file);
      opened.add(file);
    }
    assertThat(files.count()).isEqualTo(3);
    assertThat(opened.stream().filter(SegmentFile::tryRetain).count()).isEqualTo(3);
  }

  @Test
  void b92_keepsAFileOpenForThoseWhoUseItAfterItWasEvicted() throws IOException {
    numberedLog(10);
    OpenFiles files = new OpenFiles(1);
    SegmentFile first = new SegmentFile(disk.openForReading(fixture.logFile(0)));
    files.add(first);
    assertThat(first.tryRetain()).isTrue();
    files.add(new SegmentFile(disk.openForReading(fixture.logFile(0))));
    assertThat(first.file().size()).isPositive();
    first.release();
    assertThat(first.tryRetain()).isFalse();
    assertThatThrownBy(() -> first.file().size()).isInstanceOf(IOException.class);
    files.drop(first);
  }

  @Test
  void writesManySharesOfATurnAtOnceAndNamesTheOffsetOfEach() {
    PartitionLog log = open();
    fixture.append(log, Batches.single("opens the file"));
    List<DiskOperation> operations = new ArrayList<>();
    disk.setFaults((operation, path) -> operations.add(operation));
    fixture.onOwner(
        () -> {
          AppendResult result =
              log.append(
                  List.of(
                      Batches.batch(TIME, "a", "b"),
                      Batches.concat(Batches.single("c"), Batches.batch(TIME, "d", "e")),
                      Batches.single("f")),
                  0,
                  TIME);
          assertThat(result.failure()).isNull();
          assertThat(List.of(result.baseOffset(0), result.baseOffset(1), result.baseOffset(2)))
              .containsExactly(1L, 3L, 6L);
        });
    assertThat(operations).containsExactly(DiskOperation.WRITE);
    assertThat(fixture.readAll(log, 1, 1 << 20))
        .containsExactly("1:a", "2:b", "3:c", "4:d", "5:e", "6:f");
  }

  @Test
  void stampsOffsetEpochAndAppendTime() {
    PartitionLog log = open();
    fixture.beginEpoch(log, 6);
    fixture.append(log, Batches.single("a"));
    ReadResult.Data data = (ReadResult.Data) read(log, 0, 100, 1);
    BatchIterator batches = new BatchIterator().over(Batches.bytes(data.slice()));
    assertThat(batches.next()).isTrue();
    assertThat(batches.batch().leaderEpoch()).isEqualTo(6);
    assertThat(batches.batch().appendTimestamp()).isEqualTo(fixture.owner.clock().wallMillis());
    assertThat(batches.batch().checksumMatches()).isTrue();
  }

  /** Whether a look at retention closes the active segment. */
  private boolean rolls(PartitionLog of, long now) {
    int before = fixture.ask(of::segmentCount);
    of.retainLater(now);
    fixture.settle();
    return fixture.ask(of::segmentCount) > before;
  }
}
