package io.millrace.storage.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading past the page cache gives the same bytes as any other reading. */
class DirectFileTest {
  @Test
  @DisplayName("any range of any file, also where nothing is aligned, and behind its end")
  void readsTheSameBytes(@TempDir Path directory) throws IOException {
    byte[] bytes = new byte[700_001];
    new Random(5).nextBytes(bytes);
    Path path = directory.resolve("file");
    Files.write(path, bytes);
    Random random = new Random(7);
    try (DiskFile file = new NioDisk().openPastCache(path)) {
      assertThat(file.size()).isEqualTo(bytes.length);
      for (int i = 0; i < 200; i++) {
        int from = random.nextInt(bytes.length + 10);
        int wanted = 1 + random.nextInt(i % 2 == 0 ? 100 : 600_000);
        ByteBuffer into = ByteBuffer.allocate(wanted);
        int got = file.read(from, into);
        int expected = Math.max(0, Math.min(wanted, bytes.length - from));
        assertThat(got).isEqualTo(expected);
        assertThat(into.flip())
            .isEqualTo(ByteBuffer.wrap(bytes, Math.min(from, bytes.length), expected));
      }
    }
  }
}
