package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogToolsTest {
  private static final long TIME = 1_700_000_000_000L;

  private MemoryDisk disk;
  private LogFixture fixture;

  @BeforeEach
  void writeALog() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(3000, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 3);
    for (int i = 0; i < 60; i++) {
      fixture.append(log, Batches.batch(TIME + i, "value " + i));
    }
    fixture.beginEpoch(log, 4);
    fixture.append(log, Batches.batch(TIME, "the", "end"));
    assertThat(fixture.stop()).isTrue();
  }

  private List<String> dump(Path path, boolean records) {
    List<String> lines = new ArrayList<>();
    try {
      new LogDump(disk, records, item -> lines.add(item.toString())).dump(path);
    } catch (IOException e) {
      lines.add(e.toString());
    }
    return lines;
  }

  private final List<Finding> findings = new ArrayList<>();

  private LogVerify.Summary verify(Path path) throws IOException {
    findings.clear();
    return new LogVerify(disk, findings::add).verify(path);
  }

  private Path lastLog() throws IOException {
    return disk.list(fixture.partitionDirectory()).stream()
        .map(entry -> fixture.partitionDirectory().resolve(entry.name()))
        .filter(path -> path.toString().endsWith(".log"))
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  @Test
  void dumpsALogALineAThing() {
    List<String> lines = dump(fixture.logFile(0), true);
    assertThat(lines.get(0)).isEqualTo(fixture.logFile(0) + " size=" + size(fixture.logFile(0)));
    assertThat(lines.get(1))
        .startsWith("  batch position=0 size=")
        .contains("offsets=0..0 epoch=3 records=1")
        .contains("latest=2023-11-14T22:13:20Z compression=0")
        .doesNotContain("CHECKSUM");
    assertThat(lines.get(2))
        .isEqualTo("    record offset=0 time=2023-11-14T22:13:20Z value=\"value 0\"");
  }

  private long size(Path path) {
    try {
      return disk.contents(path).length;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void dumpsAWholePartition() {
    List<String> lines = dump(fixture.partitionDirectory(), false);
    assertThat(lines)
        .contains("  epoch 3 from offset 0", "  epoch 4 from offset 60")
        .anyMatch(line -> line.startsWith("  entry offset="))
        .anyMatch(line -> line.startsWith("  sealed end="))
        .noneMatch(line -> line.contains("DAMAGE") || line.contains("REPAIRABLE"));
    assertThat(lines.stream().filter(line -> line.startsWith("  batch")).count()).isEqualTo(61);
  }

  @Test
  void showsBytesThatAreNoTextInHexadecimal() {
    DumpItem record =
        new DumpItem.OfRecord(
            1, 0, ByteBuffer.wrap(new byte[] {(byte) 0xff, 0x10}), ByteBuffer.allocate(1000), 2);
    assertThat(record.toString()).contains("key=0xff10").contains("(1000 bytes) headers=2");
    assertThat(new DumpItem.OfRecord(1, 0, null, null, 0).toString()).endsWith("value=none");
  }

  @Test
  void goesOnBehindDamage() throws IOException {
    disk.flipBit(fixture.logFile(0), 2, 0);
    List<String> lines = dump(fixture.logFile(0), false);
    assertThat(lines.get(1)).contains("DAMAGE").contains("position 0");
    assertThat(lines.get(2)).contains("offsets=1..1");
  }

  @Test
  void namesWhatItCannotDump() {
    assertThatThrownBy(() -> new LogDump(disk, false, item -> {}).dump(Path.of("/memory/x")))
        .isInstanceOf(NoSuchFileException.class);
    Path epochs = fixture.partitionDirectory().resolve("leader-epochs");
    assertThatThrownBy(() -> new LogDump(disk, false, item -> {}).dump(epochs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("neither");
  }

  @Test
  void findsNothingWrongInAWholeLog() throws IOException {
    LogVerify.Summary summary = verify(fixture.root);
    assertThat(findings).isEmpty();
    assertThat(summary.partitions()).isEqualTo(1);
    assertThat(summary.batches()).isEqualTo(61);
    assertThat(summary.records()).isEqualTo(62);
    assertThat(summary.damages()).isZero();
    assertThat(verify(fixture.partitionDirectory()).segments()).isEqualTo(summary.segments());
    assertThat(verify(fixture.logFile(0)).segments()).isEqualTo(1);
    assertThat(findings).isEmpty();
  }

  @Test
  void tellsWhatRetentionHasLeftFromDamage() throws IOException {
    fixture.start();
    PartitionLog log = fixture.open();
    Path first = fixture.logFile(0);
    byte[] bytes = disk.contents(first);
    fixture.onOwner(() -> log.noteHighWatermark(log.endOffset()));
    long half = fixture.ask(log::endOffset) / 2;
    fixture.onOwner(() -> log.trim(half, log.endOffset(), result -> {}));
    verify(fixture.partitionDirectory());
    assertThat(findings)
        .isNotEmpty()
        .allSatisfy(
            found -> {
              assertThat(found.severity()).isEqualTo(Finding.Severity.NOTE);
              assertThat(found.toString()).contains("deleted soon");
            });
    fixture.housekeeping.advanceMillis(60_000);
    fixture.settle();
    verify(fixture.partitionDirectory());
    assertThat(findings).isEmpty();
    disk.put(first, bytes); // as a crash between the two may leave it
    verify(fixture.partitionDirectory());
    assertThat(findings)
        .singleElement()
        .satisfies(found -> assertThat(found.toString()).contains("before the start of the log"));
  }

  @Test
  @DisplayName("every flipped bit of a log is found, but for an earlier time in the first batch")
  void findsEveryDamagedByte() throws IOException {
    Path log = fixture.logFile(0);
    byte[] good = disk.contents(log);
    int batch = 95; // each of the first ten
    for (int at = 0; at < 2 * batch; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 4;
      disk.put(log, bad);
      verify(fixture.partitionDirectory());
      boolean appendTime = at % batch >= 17 && at % batch < 25;
      if (!appendTime || at >= batch) {
        assertThat(findings).as("byte " + at + " of " + batch).isNotEmpty();
      }
    }
  }

  @Test
  void tellsAnUnfinishedWriteFromDamage() throws IOException {
    Path last = lastLog();
    byte[] good = disk.contents(last);
    disk.put(last, Arrays.copyOf(good, good.length - 5));
    LogVerify.Summary summary = verify(fixture.partitionDirectory());
    assertThat(summary.damages()).isZero();
    assertThat(findings)
        .anyMatch(
            finding ->
                finding.severity() == Finding.Severity.REPAIRABLE
                    && finding.what().contains("unfinished write"));

    byte[] first = disk.contents(fixture.logFile(0));
    disk.put(last, good);
    disk.put(fixture.logFile(0), Arrays.copyOf(first, first.length - 5));
    assertThat(verify(fixture.partitionDirectory()).damages()).isPositive();
  }

  @Test
  void findsAHoleBetweenSegments() throws IOException {
    disk.delete(fixture.logFile(0));
    disk.delete(fixture.indexFile(0));
    verify(fixture.partitionDirectory());
    assertThat(findings)
        .singleElement()
        .satisfies(
            finding -> assertThat(finding.what()).contains("segments are missing before it"));
    byte[] last = disk.contents(lastLog());
    disk.put(fixture.logFile(500), last);
    verify(fixture.partitionDirectory());
    assertThat(findings).anyMatch(finding -> finding.what().contains("a hole is before it"));
  }

  @Test
  void findsIndexesThatDoNotFitTheirLogs() throws IOException {
    byte[] index = disk.contents(fixture.indexFile(0));
    disk.put(fixture.indexFile(0), Arrays.copyOf(index, index.length - 30));
    verify(fixture.partitionDirectory());
    assertThat(findings).extracting(Finding::severity).containsOnly(Finding.Severity.REPAIRABLE);
    disk.delete(fixture.indexFile(0));
    verify(fixture.partitionDirectory());
    assertThat(findings).anyMatch(finding -> finding.what().contains("is missing"));
  }

  @Test
  void namesStrangers() throws IOException {
    disk.put(fixture.partitionDirectory().resolve("core"), new byte[1]);
    disk.put(fixture.indexFile(7), new byte[1]);
    verify(fixture.partitionDirectory());
    assertThat(findings).extracting(Finding::severity).containsOnly(Finding.Severity.NOTE);
    assertThat(findings).hasSize(2);
  }
}
