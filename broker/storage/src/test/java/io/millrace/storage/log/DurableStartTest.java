package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A log's start is never ahead of what is forced: else a power loss left it ending before it. */
class DurableStartTest {
  private static final Pattern START = Pattern.compile("(?m)^start (\\d+)$");

  private final MemoryDisk disk = LogFixture.memoryDisk(8);
  private final LogFixture fixture = LogFixture.inMemory(disk);

  /** As a power loss now would leave it; 0 where the file says nothing. */
  private long startOnDisk() throws IOException {
    MemoryDisk lost = disk.copy(1);
    lost.losePower(1);
    String epochs =
        new String(
            lost.contents(DataPaths.leaderEpochs(fixture.partitionDirectory())),
            StandardCharsets.US_ASCII);
    Matcher start = START.matcher(epochs);
    return start.find() ? Long.parseLong(start.group(1)) : 0;
  }

  private PartitionLog openWith(int flushed, int more) throws IOException {
    fixture.config = new LogConfig(1024, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 1);
    for (int i = 0; i < flushed; i++) {
      fixture.append(log, Batches.single("flushed " + i));
    }
    fixture.flushNow(log);
    for (int i = 0; i < more; i++) {
      fixture.append(log, Batches.single("cached " + i));
    }
    return log;
  }

  @Test
  @DisplayName("issue 3: a trim beyond what is forced waits for the force, in memory and on disk")
  void theStartFollowsTheFlush() throws IOException {
    PartitionLog log = openWith(3, 4);
    List<TrimResult> results = new ArrayList<>();
    fixture.ask(
        () -> {
          log.trim(7, log.endOffset(), results::add);
          return true;
        });
    long flushed = 3;
    // One step of one thread at a time, and at each of them what a power loss would leave.
    while (results.isEmpty()) {
      long start = fixture.ask(log::startOffset);
      flushed = Math.max(flushed, fixture.<Long>ask(log::flushedOffset));
      assertThat(start).isLessThanOrEqualTo(flushed);
      assertThat(startOnDisk()).isLessThanOrEqualTo(endAfterPowerLoss());
      assertThat(startOnDisk()).isGreaterThanOrEqualTo(start);
      if (fixture.flush.hasTasks()) {
        fixture.flush.runOne();
      } else {
        fixture.owner.runOne();
      }
    }
    assertThat(results).containsExactly(new TrimResult.Trimmed(7));
    assertThat(startOnDisk()).isEqualTo(7);
  }

  private long endAfterPowerLoss() throws IOException {
    MemoryDisk lost = disk.copy(2);
    lost.losePower(1);
    LogFixture after = LogFixture.inMemory(lost);
    after.start();
    PartitionLog log = after.open();
    long start = after.ask(log::startOffset);
    long end = after.ask(log::endOffset);
    assertThat(end).isGreaterThanOrEqualTo(start);
    return end;
  }
}
