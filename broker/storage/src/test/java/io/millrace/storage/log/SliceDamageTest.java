package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.FileSlice;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is met by whoever sends a slice of a log, in his own time: damage, or the log was cut. */
class SliceDamageTest {
  private final MemoryDisk disk = LogFixture.memoryDisk(5);
  private final LogFixture fixture = LogFixture.inMemory(disk);
  private PartitionLog log;

  @BeforeEach
  void start() throws IOException {
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 1);
    fixture.append(log, Batches.single("a"));
    fixture.append(log, Batches.single("b"));
  }

  private FileSlice sliceOfAll() {
    return fixture.ask(() -> ((ReadResult.Data) log.read(0, 1 << 20, log.endOffset())).slice());
  }

  /** As a network loop does later. */
  private void send(FileSlice slice) throws IOException {
    try {
      slice.read(0, ByteBuffer.allocate((int) slice.size()));
    } finally {
      slice.release();
      fixture.settle();
    }
  }

  @Test
  @DisplayName("B91: a file that has become shorter takes the log offline when it is sent")
  void b91_aShorterFileIsDamage() throws IOException {
    FileSlice slice = sliceOfAll();
    try (DiskFile file = disk.open(fixture.logFile(0))) {
      file.truncate(10);
    }
    assertThatThrownBy(() -> send(slice)).isInstanceOf(IOException.class);
    assertThat(fixture.failures).hasSize(1);
    assertThat(fixture.ask(log::failure)).isPresent();
  }

  @Test
  void aLogThatWasCutMeanwhileIsNotDamaged() {
    FileSlice slice = sliceOfAll();
    fixture.onOwner(() -> log.truncateTo(0, () -> {}));
    assertThatThrownBy(() -> send(slice)).isInstanceOf(IOException.class);
    assertThat(fixture.failures).isEmpty();
    assertThat(fixture.append(log, Batches.single("c"))).isZero();
  }

  @Test
  void aLogThatWasStartedOverMeanwhileIsNotDamaged() {
    FileSlice slice = sliceOfAll();
    fixture.onOwner(() -> log.startOver(50, 50, () -> {}));
    assertThatThrownBy(() -> send(slice)).isInstanceOf(IOException.class);
    assertThat(fixture.failures).isEmpty();
  }

  @Test
  @DisplayName("B91: a cut excuses what was read before it, not what is read after")
  void b91_damageAfterACutIsDamage() throws IOException {
    fixture.onOwner(() -> log.truncateTo(1, () -> {}));
    FileSlice slice = sliceOfAll();
    try (DiskFile file = disk.open(fixture.logFile(0))) {
      file.truncate(10);
    }
    assertThatThrownBy(() -> send(slice)).isInstanceOf(IOException.class);
    assertThat(fixture.failures).hasSize(1);
  }
}
