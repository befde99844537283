package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.NioDisk;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionLogTest {
  @TempDir Path folder;
  private LogFixture fixture;

  @BeforeEach
  void start() throws IOException {
    fixture = new LogFixture(new NioDisk(), folder.resolve("data"));
    fixture.start();
  }

  @Test
  void givesBackWhatWasAppendedAtTheOffsetsItNamed() {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 3);

    assertThat(fixture.append(log, Batches.batch(1000, "a", "b"))).isZero();
    assertThat(fixture.append(log, Batches.single("c"), Batches.single("d"))).isEqualTo(2);

    assertThat(fixture.readAll(log, 0, 1 << 20)).containsExactly("0:a", "1:b", "2:c", "3:d");
    assertThat(fixture.readAll(log, 2, 1 << 20)).containsExactly("2:c", "3:d");
  }

  @Test
  void goesOnAfterACleanStopWithoutReadingTheLog() throws IOException {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 0);
    fixture.append(log, Batches.single("a"));
    assertThat(fixture.stop()).isTrue();

    RecoveryReport report = fixture.reopenAndReport();
    assertThat(report).isEqualTo(RecoveryReport.CLEAN);
  }

  @Test
  void recoversAfterTheProcessDied() throws IOException {
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 0);
    fixture.append(log, Batches.single("a"));
    fixture.append(log, Batches.single("b"));
    fixture.kill();

    fixture.start();
    PartitionLog again = fixture.open();
    assertThat(fixture.readAll(again, 0, 1 << 20)).containsExactly("0:a", "1:b");
    fixture.beginEpoch(again, 1);
    assertThat(fixture.append(again, Batches.single("c"))).isEqualTo(2);
  }
}
