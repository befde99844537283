package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.SimulatedCrash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The same compaction again and again, ended at every change it makes to the disk: by the death of
 * the process, and by power losses that take any part of what was not forced. Afterwards a reader
 * still ends with what was written last, and a second compaction comes to its end.
 */
class CompactionCrashSweepTest {
  private static final int POWER_LOSSES = 6;

  private static CompactionFixture written(MemoryDisk disk) throws IOException {
    CompactionFixture topic = new CompactionFixture(disk, 1_500);
    topic.start();
    topic.epoch(1);
    for (int i = 0; i < 30; i++) {
      String key = "k" + i % 7;
      topic.append(i % 3 == 0 ? 9 : -1, i % 11 == 10 ? key : key + "=" + i, "x=" + i);
    }
    topic.epoch(2);
    topic.append("k1", "k2", "y=1");
    topic.storage.flushNow(topic.log());
    return topic;
  }

  /** The part that is ended. */
  private static void compactTwice(CompactionFixture topic) {
    topic.compact();
    topic.pass(CompactionFixture.DELETE_RETENTION_MILLIS + 10_000);
    topic.append("k3=later", "k4");
    topic.compact();
  }

  @Test
  void noCrashLosesAFinalStateOrBringsBackWhatWasDeleted() throws IOException {
    int crashes = 0;
    long joined = 0;
    for (int at = 1; ; at++) {
      boolean ended = false;
      for (int loss = 0; loss <= POWER_LOSSES; loss++) {
        MemoryDisk disk = LogFixture.memoryDisk(100L * at + loss);
        CompactionFixture topic = written(disk);
        disk.crashAt(disk.steps() + at);
        try {
          compactTwice(topic);
          ended = true;
          joined += topic.storage.store().counters().joinedSegments();
        } catch (SimulatedCrash e) {
          crashes++;
        }
        if (loss > 0) {
          disk.losePower(0.1 + 0.12 * loss);
        } else {
          disk.killProcess();
        }
        afterwards(topic, at, loss);
      }
      if (ended) {
        break;
      }
    }
    assertThat(crashes).isGreaterThan(100);
    assertThat(joined).as("ended while segments were joined too").isPositive();
  }

  private static void afterwards(CompactionFixture topic, int at, int loss) throws IOException {
    String when = "after change " + at + ", power loss " + loss;
    topic.start();
    // What was appended last may be lost, if it was not forced; what compaction has read was.
    long end = topic.storage.ask(() -> topic.log().endOffset());
    assertThat(end).as(when).isGreaterThanOrEqualTo(63);
    topic.written.tailMap(end).clear();
    topic.assertTellsTheTruth();
    topic.epoch(3);
    topic.append("k5=again");
    topic.compact();
    topic.assertTellsTheTruth();
    topic.pass(3 * CompactionFixture.DELETE_RETENTION_MILLIS);
    topic.assertTellsTheTruth();
    List<Finding> found = new ArrayList<>();
    new LogVerify(topic.storage.disk, found::add).verify(topic.storage.partitionDirectory());
    assertThat(found).as(when).noneMatch(finding -> finding.severity() == Finding.Severity.DAMAGE);
    assertThat(topic.storage.failures).as(when).isEmpty();
  }
}
