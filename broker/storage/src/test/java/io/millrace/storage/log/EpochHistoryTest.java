package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EpochHistoryTest {
  private static final Path DIRECTORY = Path.of("/memory");

  private final EpochHistory history = new EpochHistory();

  @Test
  @DisplayName("4.4: the end of the largest epoch that is not above the one asked for")
  void tellsWhereEpochsEnd() {
    history.begin(1, 0);
    history.begin(3, 10);
    history.begin(4, 25);
    assertThat(history.endOf(0, 40)).isEqualTo(EpochEnd.NONE);
    assertThat(history.endOf(1, 40)).isEqualTo(new EpochEnd(1, 10));
    assertThat(history.endOf(2, 40)).isEqualTo(new EpochEnd(1, 10));
    assertThat(history.endOf(3, 40)).isEqualTo(new EpochEnd(3, 25));
    assertThat(history.endOf(9, 40)).isEqualTo(new EpochEnd(4, 40));
  }

  @Test
  void forgetsAnEpochInWhichNothingWasWrittenForTheNext() {
    history.begin(1, 0);
    history.begin(2, 10);
    history.begin(5, 10);
    assertThat(history.endOf(4, 20)).isEqualTo(new EpochEnd(1, 10));
    assertThat(history.entries())
        .containsExactly(new EpochHistory.Entry(1, 0), new EpochHistory.Entry(5, 10));
  }

  @Test
  void neverGoesBack() {
    history.begin(3, 10);
    assertThat(history.begin(3, 12)).isFalse();
    assertThatThrownBy(() -> history.begin(2, 12)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> history.begin(4, 9)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void isCutAtTheEnd() {
    history.begin(1, 0);
    history.begin(2, 10);
    assertThat(history.cutEnd(11)).isFalse();
    assertThat(history.cutEnd(10)).isTrue();
    assertThat(history.latest()).isEqualTo(1);
    assertThat(history.cutEnd(0)).isTrue();
    assertThat(history.latest()).isEqualTo(EpochHistory.NONE);
  }

  @Test
  void learnsWhatTheBatchesTellAndRefusesWhatCannotBe() throws IOException {
    history.begin(1, 0);
    history.begin(5, 20);
    assertThat(history.learn(1, 7)).isFalse();
    assertThat(history.learn(3, 10)).isTrue();
    assertThat(history.epochAt(9)).isEqualTo(1);
    assertThat(history.epochAt(10)).isEqualTo(3);
    assertThat(history.epochAt(20)).isEqualTo(5);
    assertThatThrownBy(() -> history.learn(2, 12)).isInstanceOf(CorruptLogException.class);
    assertThatThrownBy(() -> history.learn(6, 12)).isInstanceOf(CorruptLogException.class);
    assertThatThrownBy(() -> history.learn(-3, 30)).isInstanceOf(CorruptLogException.class);
  }

  @Test
  void readsWhatItWrote() throws IOException {
    MemoryDisk disk = LogFixture.memoryDisk(1);
    history.begin(1, 0);
    history.begin(7, 1L << 40);
    history.setRecoverFrom(99);
    EpochHistory.write(disk, DIRECTORY, history.lines());
    EpochHistory read = Objects.requireNonNull(EpochHistory.read(disk, DIRECTORY));
    assertThat(read.entries()).isEqualTo(history.entries());
    assertThat(read.recoverFrom()).isEqualTo(99);
  }

  @Test
  void b86_believesNoFileThatContradictsItself() throws IOException {
    MemoryDisk disk = LogFixture.memoryDisk(1);
    for (List<String> lines :
        List.of(
            List.of("1 0", "1 5"),
            List.of("2 0", "1 5"),
            List.of("1 5", "2 4"),
            List.of("-1 0"),
            List.of("1 -1"),
            List.of("x 1"),
            List.of("1"),
            List.of("1 0", "recover-from 5"),
            List.of("recover-from -5"))) {
      EpochHistory.write(disk, DIRECTORY, lines);
      assertThat(EpochHistory.read(disk, DIRECTORY)).as(lines.toString()).isNull();
    }
    disk.delete(DataPaths.leaderEpochs(DIRECTORY));
    assertThat(Objects.requireNonNull(EpochHistory.read(disk, DIRECTORY)).isEmpty()).isTrue();
  }
}
