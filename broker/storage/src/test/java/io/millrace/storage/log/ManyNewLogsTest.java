package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("new logs share what the disk has to do for them")
class ManyNewLogsTest {
  private static final int COUNT = 50;

  private final MemoryDisk disk = LogFixture.memoryDisk(1);
  private final LogFixture fixture = LogFixture.inMemory(disk);
  private final List<LogOpening> opened = new ArrayList<>();
  private final List<String> forced = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    fixture.start();
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.SYNC_DIRECTORY || operation == DiskOperation.FORCE) {
            forced.add(String.valueOf(path.getFileName()));
          }
        });
  }

  private static final LogListener DEAF =
      new LogListener() {
        @Override
        public void onFlushed(long flushedOffset) {}

        @Override
        public void onFailed(Throwable cause) {}
      };

  private void openAll() {
    for (int i = 0; i < COUNT; i++) {
      PartitionName name = new PartitionName("many~k3v9x2qa", i);
      fixture.store().open(name, LogConfig.DEFAULT, fixture.owner, DEAF, opened::add);
    }
  }

  @Test
  void syncsTheDataDirectoryOnceForAllThatWaitToBeOpened() {
    openAll();
    fixture.settle();
    assertThat(opened).hasSize(COUNT).allMatch(LogOpening.Opened.class::isInstance);
    assertThat(forced).hasSize(COUNT + 1).doesNotHaveDuplicates().startsWith("data");
  }

  @Test
  void tellsNobodyOfALogThatAPowerLossCouldTakeAway() {
    openAll();
    for (int i = 0; i < COUNT; i++) {
      fixture.housekeeping.runOne();
    }
    fixture.owner.runAll();
    assertThat(opened).isEmpty();
    fixture.settle();
    disk.losePower(1);
    for (int i = 0; i < COUNT; i++) {
      assertThat(disk.kind(fixture.root.resolve("many~k3v9x2qa-" + i)))
          .isEqualTo(FileKind.DIRECTORY);
    }
  }

  @Test
  void forcesNothingForTheFirstEpochUntilItHasARecord() {
    PartitionLog log = fixture.open();
    forced.clear();
    fixture.beginEpoch(log, 1);
    fixture.owner.advanceMillis(60_000);
    fixture.settle();
    assertThat(forced).isEmpty();
    fixture.append(log, Batches.single("a"));
    fixture.flushNow(log);
    assertThat(forced)
        .containsExactly(
            "leader-epochs.tmp", LogFixture.NAME.directoryName(), "00000000000000000000.log");
  }

  @Test
  @DisplayName("a log that nobody ever led is there after a clean stop and a power loss")
  void keepsAnEmptyLogThroughACleanStop() throws IOException {
    fixture.open();
    assertThat(fixture.stop()).isTrue();
    disk.losePower(1);
    fixture.start();
    assertThat(fixture.directory().startState())
        .isInstanceOf(io.millrace.storage.directory.StartState.Clean.class);
    fixture.open();
  }

  @Test
  @DisplayName("f15: when the names cannot be made durable, the directory is given up")
  void f15_givesTheDirectoryUpWhenTheSyncFails() {
    disk.failForce(fixture.root);
    openAll();
    fixture.settle();
    assertThat(fixture.diskFailure.get()).isNotNull();
    assertThat(opened).hasSize(COUNT);
    PartitionLog log = ((LogOpening.Opened) opened.get(0)).log();
    fixture.beginEpoch(log, 1);
    AppendResult result = fixture.ask(() -> log.append(List.of(Batches.single("a")), 1, 0));
    assertThat(result.failure()).isInstanceOf(AppendResult.AppendFailure.Broken.class);
  }
}
