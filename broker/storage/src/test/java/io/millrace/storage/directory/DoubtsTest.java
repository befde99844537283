package io.millrace.storage.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("P-10: doubts outlast the start that they come from")
class DoubtsTest {
  private static final PartitionName ONE = new PartitionName("orders~k3v9x2qa", 1);
  private static final PartitionName TWO = new PartitionName("orders~k3v9x2qa", 2);

  private final MemoryDisk disk = new MemoryDisk(1, Path.of("/memory"));
  private final Path file = Path.of("/memory/doubts");

  private Doubts read() throws IOException {
    return Doubts.read(disk, file, List.of(ONE, TWO));
  }

  @Test
  void thereAreNoneInADirectoryThatHasNoFile() throws IOException {
    assertThat(read().all()).isEmpty();
    assertThat(read().includeAbsent()).isFalse();
  }

  @Test
  void keepsThemOverALossOfPowerUntilTheyAreSettled() throws IOException {
    Doubts doubts = read();
    doubts.replace(Map.of(ONE, Doubt.UNFLUSHED, TWO, Doubt.COPY), true);
    disk.losePower(1);
    doubts = read();
    assertThat(doubts.all()).isEqualTo(Map.of(ONE, Doubt.UNFLUSHED, TWO, Doubt.COPY));
    assertThat(doubts.includeAbsent()).isTrue();

    doubts.settle(List.of(TWO));
    disk.losePower(1);
    assertThat(read().all()).isEqualTo(Map.of(ONE, Doubt.UNFLUSHED));
    assertThat(read().includeAbsent()).as("of what is not here nobody can say").isTrue();
  }

  @Test
  void aWorseOneTakesThePlaceOfABetterOneOnly() throws IOException {
    Doubts doubts = read();
    doubts.add(ONE, Doubt.FLUSHED);
    doubts.add(ONE, Doubt.UNFLUSHED);
    assertThat(doubts.of(ONE)).contains(Doubt.FLUSHED);
    doubts.add(ONE, Doubt.COPY);
    assertThat(read().of(ONE)).contains(Doubt.COPY);
  }

  @Test
  void anUnknownWordIsTheWorst() throws IOException {
    new CheckedText("doubts", 1, 1_000).replace(disk, file, List.of(ONE + " whatever"));
    assertThat(read().of(ONE)).contains(Doubt.COPY);
  }

  @Test
  void whereTheFileIsDamagedAllThatIsHereIsInDoubt() throws IOException {
    disk.put(file, "# millrace doubts 1\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(read().all()).isEqualTo(Map.of(ONE, Doubt.FLUSHED, TWO, Doubt.FLUSHED));
    assertThat(read().includeAbsent()).isTrue();
  }
}
