package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.SimulatedCrash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A log that is started over, ended at every change that this makes to the disk: by the death of
 * the process and by power losses, and then once more during the recovery. What is left opens, is a
 * beginning of what there was or nothing, and can be started over again.
 */
class RestartCrashSweepTest {
  private static final int POWER_LOSSES = 4;
  private static final int BEFORE = 9;

  /** Where the log is to begin, and from where it is to be read. */
  private record Target(long beginsAt, long start) {}

  /** A log of several segments that was started over, or was about to be. */
  private static final class Story {
    final LogFixture fixture;
    final List<String> before = new ArrayList<>();
    final List<String> after = new ArrayList<>();
    int beforeStart;
    int afterFlushed;
    boolean begun;
    boolean done;

    Story(MemoryDisk disk) {
      fixture = LogFixture.inMemory(disk);
      fixture.config = new LogConfig(1024, 1 << 30, 300, 1000, 1 << 20);
    }

    void tell(Target target) throws IOException {
      fixture.start();
      PartitionLog log = fixture.open();
      fixture.beginEpoch(log, 1);
      for (int i = 0; i < BEFORE; i++) {
        String value = "before " + i + ".".repeat(200);
        fixture.append(log, Batches.single(value));
        before.add(i + ":" + value);
        if (i == 5) {
          fixture.beginEpoch(log, 2);
          fixture.flushNow(log);
          fixture.housekeeping.advanceMillis(5_000); // a checkpoint that promises much
          fixture.settle();
        }
      }
      fixture.onOwner(() -> log.trim(1, log.endOffset(), result -> {}));
      beforeStart = 1;
      begun = true;
      fixture.onOwner(() -> log.startOver(target.beginsAt, target.start, () -> done = true));
      assertThat(done).isTrue();
      assertThat(fixture.<Long>ask(log::startOffset)).isEqualTo(target.start);
      fixture.beginEpoch(log, 7);
      append(log, target, (int) (target.start - target.beginsAt) + 1);
      for (int i = 0; i < 5; i++) {
        append(log, target, 1);
      }
      fixture.flushNow(log);
      afterFlushed = after.size();
      append(log, target, 1);
    }

    /** The first batch is the one that the start lies in. */
    private void append(PartitionLog log, Target target, int records) {
      long offset = target.beginsAt + after.size();
      String[] values = new String[records];
      for (int i = 0; i < records; i++) {
        values[i] = "after " + i + ".".repeat(200);
        after.add((offset + i) + ":" + values[i]);
      }
      assertThat(fixture.append(log, Batches.batch(1_700_000_000_000L, values))).isEqualTo(offset);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,0", "4,4", "9,9", "500,500", "500,502"})
  @DisplayName("f11, f14: wherever starting over is ended, the log opens and can be started over")
  void opensWhereverStartingOverEnds(long beginsAt, long start) throws IOException {
    Target target = new Target(beginsAt, start);
    MemoryDisk whole = LogFixture.memoryDisk(1);
    new Story(whole).tell(target);
    int ended = 0;
    for (long step = 1; step <= whole.steps(); step++) {
      MemoryDisk disk = LogFixture.memoryDisk(step);
      Story story = new Story(disk);
      disk.crashAt(step);
      try {
        story.tell(target);
      } catch (SimulatedCrash asOrdered) {
        ended++;
      }
      if (!story.begun) {
        continue; // the other sweep's
      }
      MemoryDisk killed = disk.copy(step);
      killed.killProcess();
      recover(killed, story, target, "killed at step " + step);
      for (int seed = 0; seed < POWER_LOSSES; seed++) {
        MemoryDisk lost = disk.copy(1000 * step + seed);
        lost.losePower(seed == 0 ? 1 : 0.25 * seed);
        recover(lost, story, target, "power lost at step " + step + ", seed " + seed);
      }
    }
    assertThat(ended).isGreaterThan(40);
  }

  private static void recover(MemoryDisk disk, Story story, Target target, String when)
      throws IOException {
    MemoryDisk again = disk.copy(7);
    again.crashAt(again.steps() + 1 + (when.hashCode() & 15));
    try {
      LogFixture interrupted = LogFixture.inMemory(again);
      interrupted.start();
      interrupted.tryOpen();
    } catch (SimulatedCrash asOrdered) {
      again.killProcess();
      openAndCheck(again, story, target, when + ", and again while recovering");
    }
    openAndCheck(disk, story, target, when);
  }

  private static void openAndCheck(MemoryDisk disk, Story story, Target target, String when)
      throws IOException {
    LogFixture fixture = LogFixture.inMemory(disk);
    fixture.start();
    LogOpening opening = fixture.tryOpen();
    assertThat(opening).as(when).isInstanceOf(LogOpening.Opened.class);
    PartitionLog log = ((LogOpening.Opened) opening).log();
    int start = fixture.ask(log::startOffset).intValue();
    int end = fixture.ask(log::endOffset).intValue();
    List<String> found = new ArrayList<>();
    if (end > start) {
      found.addAll(fixture.readAll(log, start, 700));
      found.removeIf(record -> Long.parseLong(record.split(":", 2)[0]) < start);
    }
    if (story.done) {
      // Nothing of what was before turns up again.
      assertThat((long) start).as(when).isEqualTo(target.start);
      int skipped = (int) (target.start - target.beginsAt);
      assertThat(end - target.beginsAt).as(when).isGreaterThanOrEqualTo(story.afterFlushed);
      assertBeginning(found, story.after, skipped, when);
    } else if (!found.isEmpty()) {
      assertThat(start).as(when).isLessThanOrEqualTo(story.beforeStart);
      assertBeginning(found, story.before, start, when);
    }
    startOverAndLosePower(fixture, log, disk, when);
  }

  private static void assertBeginning(List<String> found, List<String> of, int from, String when) {
    int end = from + found.size();
    assertThat(end).as(when).isLessThanOrEqualTo(Math.max(from, of.size()));
    if (!found.isEmpty()) {
      assertThat(found).as(when).isEqualTo(of.subList(from, end));
    }
  }

  /** The caller was not told, and starts over; what is flushed after that is there. */
  private static void startOverAndLosePower(
      LogFixture fixture, PartitionLog log, MemoryDisk disk, String when) throws IOException {
    boolean[] done = {false};
    fixture.onOwner(() -> log.startOver(20, 20, () -> done[0] = true));
    assertThat(done[0]).as(when).isTrue();
    fixture.beginEpoch(log, 100);
    assertThat(fixture.append(log, Batches.single("kept"))).isEqualTo(20);
    fixture.flushNow(log);
    fixture.append(log, Batches.single("perhaps"));
    MemoryDisk lost = disk.copy(when.hashCode());
    lost.losePower(0.5);
    LogFixture last = LogFixture.inMemory(lost);
    last.start();
    PartitionLog opened = last.open();
    assertThat(last.<Long>ask(opened::startOffset)).as(when).isEqualTo(20);
    assertThat(last.readAll(opened, 20, 1 << 20))
        .as(when)
        .isSubsetOf("20:kept", "21:perhaps")
        .contains("20:kept");
  }
}
