package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.NioDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Far more segment files than may be open, on the real disk. */
class HandlesBadInputTest {
  private static final Path OWN_HANDLES = Path.of("/proc/self/fd");
  private static final int SEGMENTS = 150;
  private static final int MOST_OPEN = 10;

  /** Each open segment for reading, for forcing and for the kernel; then the lock. */
  private static final int MOST_HANDLES = 3 * (MOST_OPEN + 2) + 1;

  @TempDir Path dir;

  @Test
  @EnabledOnOs(OS.LINUX)
  void b92_readsManySegmentsInAnyOrderWithAFewHandles() throws IOException {
    LogFixture fixture = new LogFixture(new NioDisk(), dir.toRealPath().resolve("data"));
    fixture.storeConfig = new StoreConfig(MOST_OPEN, 5_000);
    fixture.config = new LogConfig(4096, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 0);
    String filling = "x".repeat(3_500);
    for (int i = 0; i < SEGMENTS; i++) {
      fixture.append(log, Batches.single(i + filling));
      if (i % 10 == 9) {
        fixture.flushNow(log);
        assertThat(handles()).as("while writing").isLessThanOrEqualTo(MOST_HANDLES + 3 * 10);
      }
    }
    assertThat(fixture.<Integer>ask(log::segmentCount)).isGreaterThanOrEqualTo(SEGMENTS);

    Random random = new Random(92);
    for (int i = 0; i < 2 * SEGMENTS; i++) {
      int offset = random.nextInt(SEGMENTS);
      ReadResult.Data data = (ReadResult.Data) fixture.ask(() -> log.read(offset, 1, SEGMENTS));
      assertThat(Batches.records(Batches.bytes(data.slice())))
          .containsExactly(offset + ":" + offset + filling);
      assertThat(handles()).as("while reading").isLessThanOrEqualTo(MOST_HANDLES);
    }
    assertThat(fixture.failures).isEmpty();
    assertThat(fixture.stop()).isTrue();
    assertThat(handles()).as("after the stop").isZero();
  }

  private long handles() throws IOException {
    Path data = dir.toRealPath();
    try (Stream<Path> all = Files.list(OWN_HANDLES)) {
      return all.filter(handle -> target(handle).startsWith(data)).count();
    }
  }

  private static Path target(Path handle) {
    try {
      return Files.readSymbolicLink(handle);
    } catch (NoSuchFileException closedMeanwhile) {
      return OWN_HANDLES;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
