package io.millrace.storage.producers;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.CheckedText;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducersFileTest {
  private static final Path ROOT = Path.of("/memory");
  private static final Path PATH = ROOT.resolve("00000000000000001042.producers");

  private final MemoryDisk disk = new MemoryDisk(1, ROOT);
  private final ProducerTable table = new ProducerTable(ProducerLimits.DEFAULT);

  @BeforeEach
  void fill() {
    Random random = new Random(5);
    long offset = 0;
    for (int i = 0; i < 100; i++) {
      int records = 1 + random.nextInt(10);
      table.learn(random.nextInt(5), 0, i, records, offset, 1_000L + i, random.nextInt());
      offset += records;
    }
  }

  private @Nullable ProducerTable read() throws IOException {
    ProducersFile.Content content = ProducersFile.read(disk, PATH, 1042, ProducerLimits.DEFAULT);
    return content == null ? null : content.table();
  }

  @Test
  void givesBackWhatWasWritten() throws IOException {
    ProducersFile.write(disk, PATH, 1042, 7, table);
    ProducersFile.Content content = ProducersFile.read(disk, PATH, 1042, ProducerLimits.DEFAULT);
    Objects.requireNonNull(content);
    assertThat(content.lastEpoch()).isEqualTo(7);
    assertThat(content.table().describe()).isEqualTo(table.describe()).hasSize(5);
    assertThat(content.table().all())
        .extracting(Producer::id)
        .containsExactlyElementsOf(table.all().stream().map(Producer::id).toList());
  }

  @Test
  @DisplayName("B86: not a byte of it is believed when one is wrong")
  void b86_believesNothingOfADamagedFile() throws IOException {
    ProducersFile.write(disk, PATH, 1042, 7, table);
    int size;
    try (DiskFile file = disk.open(PATH)) {
      size = (int) file.size();
      for (int at = 0; at < size; at += 3) {
        ByteBuffer one = ByteBuffer.allocate(1);
        file.read(at, one);
        byte before = one.get(0);
        file.write(at, ByteBuffer.wrap(new byte[] {(byte) (before ^ 1)}));
        assertThat(read()).isNull();
        file.write(at, ByteBuffer.wrap(new byte[] {before}));
      }
      assertThat(read()).isNotNull();
      file.truncate(size - 1);
      assertThat(read()).isNull();
    }
  }

  @Test
  void isOfOneOffset() throws IOException {
    ProducersFile.write(disk, PATH, 1042, 7, table);
    assertThat(ProducersFile.read(disk, PATH, 1043, ProducerLimits.DEFAULT)).isNull();
  }

  @Test
  void isNothingWhenItIsNotThere() throws IOException {
    assertThat(read()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1 0",
        "-1 0 0:1:0+1:a",
        "1 -1 0:1:0+1:a",
        "1 0 0:1:0+1",
        "1 0 0:1:0+0:a",
        "1 0 0:1:-1+1:a",
        "1 0 1042:1:0+1:a",
        "1 0 -1:1:0+1:a",
        "1 0 5:1:0+1:a 5:1:1+1:a",
        "1 0 0:1:0+1:123456789",
        "1 0 0:1:0+1:a ",
        "99999999999999999999 0 0:1:0+1:a",
      })
  @DisplayName("B86: lines that no broker writes, under a right checksum")
  void b86_refusesLinesThatNobodyWrites(String line) throws IOException {
    new CheckedText("producers", 1, 1 << 20)
        .replace(disk, PATH, List.of("end 1042 epoch 7", "2 0 0:1:0+1:a", line));
    assertThat(read()).isNull();
  }
}
