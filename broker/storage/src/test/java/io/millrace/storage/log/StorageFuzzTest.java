package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * FZ4 and FZ5: whatever bytes stand in the files of a data directory, they are read or refused.
 *
 * <p>In the gate the inputs under {@code StorageFuzzTestInputs} run. To look for new ones, run one
 * method with {@code JAZZER_FUZZ=1} in the environment.
 */
class StorageFuzzTest {
  private static final int POWER_LOST = 1;
  private static final int EPOCHS_LOST = 2;
  private static final int CHECKSUM_MADE = 1;

  /** FZ4. The first byte says what else has happened, the others are the segment's. */
  @FuzzTest(maxDuration = "1m")
  void recoversAnySegment(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    MemoryDisk disk = LogFixture.memoryDisk(1);
    LogFixture fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(1 << 20, 1 << 30, 256, 1000, 1 << 20);
    fixture.start();
    fixture.open();
    fixture.kill();
    if ((data[0] & POWER_LOST) != 0) {
      disk.losePower(0);
    }
    disk.put(fixture.logFile(0), Arrays.copyOfRange(data, 1, data.length));
    if ((data[0] & EPOCHS_LOST) == 0) {
      disk.put(
          DataPaths.leaderEpochs(fixture.partitionDirectory()),
          checked("# millrace leader-epochs 1\n0 0\n".getBytes(StandardCharsets.US_ASCII)));
    }
    fixture.start();
    LogOpening opening = fixture.tryOpen();
    if (opening instanceof LogOpening.Opened opened) {
      PartitionLog log = opened.log();
      long end = fixture.ask(log::endOffset);
      walk(fixture, log);
      fixture.onOwner(() -> log.trim(end / 2, end, result -> {}));
      assertThat(fixture.timeOf(log, 0, end).isPresent()).isEqualTo(end > 0);
      assertThat(fixture.failures).isEmpty();
      new LogVerify(disk, finding -> {}).verify(fixture.partitionDirectory());
      assertThat(fixture.stop()).isTrue();
      fixture.start();
      PartitionLog again = fixture.open();
      assertThat(fixture.<Long>ask(again::endOffset)).isEqualTo(end);
    } else {
      assertThat(((LogOpening.Offline) opening).why()).contains("/memory/data");
    }
    new LogDump(disk, true, item -> {}).dump(fixture.logFile(0));
  }

  private static void walk(LogFixture fixture, PartitionLog log) {
    fixture.onOwner(
        () -> {
          long next = log.startOffset();
          while (log.read(next, 300, log.endOffset()) instanceof ReadResult.Data data) {
            assertThat(data.nextOffset()).isGreaterThan(next);
            next = data.nextOffset();
            data.slice().release();
          }
          assertThat(next).isEqualTo(log.endOffset());
        });
  }

  /** FZ5. */
  @FuzzTest(maxDuration = "1m")
  void readsAnyIndex(byte[] data) {
    ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    IndexFile.Content content = IndexFile.parse(bytes, 0, 1 << 20, 64);
    SparseIndex index = content.index();
    for (int i = 0; i < index.count(); i++) {
      assertThat(index.position(i)).isBetween(1, 1 << 20);
      assertThat(i == 0 || index.offsetDelta(i) > index.offsetDelta(i - 1)).isTrue();
    }
    assertThat(content.validBytes()).isBetween(0L, (long) data.length);
  }

  /** FZ5. The first byte says whether the checksum is made to fit. */
  @FuzzTest(maxDuration = "1m")
  void readsAnyLeaderEpochs(byte[] data) throws IOException {
    MemoryDisk disk = LogFixture.memoryDisk(1);
    java.nio.file.Path directory = java.nio.file.Path.of("/memory");
    disk.put(DataPaths.leaderEpochs(directory), content(data));
    EpochHistory history = EpochHistory.read(disk, directory);
    if (history != null) {
      List<String> lines = history.lines();
      EpochHistory.write(disk, directory, lines);
      EpochHistory again = EpochHistory.read(disk, directory);
      assertThat(again).isNotNull();
      assertThat(linesOf(again)).isEqualTo(lines);
      assertThat(history.start()).isNotNegative();
      history.cutFront(history.start());
      history.cutEnd(history.start());
    }
  }

  private static List<String> linesOf(@Nullable EpochHistory history) {
    return history == null ? List.of() : history.lines();
  }

  /** FZ5: the checkpoint, the clean mark, the record of the last run, the identity. */
  @FuzzTest(maxDuration = "1m")
  void opensADirectoryWithAnySmallFiles(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    MemoryDisk disk = LogFixture.memoryDisk(1);
    LogFixture fixture = LogFixture.inMemory(disk);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 1);
    fixture.append(log, Batches.single("a"));
    assertThat(fixture.stop()).isTrue();
    List<String> names = List.of("checkpoint", "clean-shutdown", "run", "meta.properties");
    String name = names.get(data[0] >> 1 & 3);
    disk.put(fixture.root.resolve(name), content(data));
    DataDirectory.Opening opening =
        DataDirectory.open(disk, fixture.root, LogFixture.BROKER, new Random(1));
    if (opening instanceof DataDirectory.Opening.Opened opened) {
      opened.directory().close();
      if (opened
          .directory()
          .identity()
          .filter(i -> i.clusterId().equals(LogFixture.CLUSTER))
          .isPresent()) {
        fixture.start();
        LogOpening found = fixture.tryOpen();
        if (found instanceof LogOpening.Opened whole) {
          // A file beside the log may cost reading it again, never a record.
          assertThat(fixture.readAll(whole.log(), 0, 100)).containsExactly("0:a");
        }
      }
    } else {
      assertThat(name).isEqualTo("meta.properties");
    }
  }

  private static byte[] content(byte[] data) {
    if (data.length == 0) {
      return data;
    }
    byte[] bytes = Arrays.copyOfRange(data, 1, data.length);
    return (data[0] & CHECKSUM_MADE) != 0 ? checked(bytes) : bytes;
  }

  private static byte[] checked(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body, 0, body.length);
    byte[] end =
        String.format(Locale.ROOT, "# crc32c %08x\n", crc.getValue())
            .getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(body.length + end.length).put(body).put(end).array();
  }
}
