package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.SimulatedCrash;
import io.millrace.wire.BatchIterator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The same story again and again, ended at every change it makes to the disk: by the death of the
 * process, and by power losses that take any part of what was not forced; then once more, ended
 * during the recovery. What was reported flushed must be there, at its offset, and nothing that was
 * never written, or was cut off.
 */
class CrashSweepTest {
  private static final int POWER_LOSSES = 5;

  /** What must and may be in the log. One record a batch, so every offset is a boundary. */
  private static final class Expectation {
    final List<String> written = new ArrayList<>();
    final List<String> inFlight = new ArrayList<>();
    int flushed;
    int cutTo = Integer.MAX_VALUE;

    /** What an unfinished cut may have left, until a recovery has made up its mind on the disk. */
    List<String> beforeCut = List.of();

    /** What was found is what there is now; forced by the time the log has been opened again. */
    void continueFrom(List<String> found) {
      if (cutTo != Integer.MAX_VALUE) {
        beforeCut = List.copyOf(written);
      }
      written.clear();
      for (String record : found) {
        written.add(record.substring(record.indexOf(':') + 1));
      }
      inFlight.clear();
      flushed = Math.min(flushed, written.size());
      cutTo = Integer.MAX_VALUE;
    }

    /** The log has been opened: what is in it is on disk. */
    void recovered() {
      flushed = written.size();
      beforeCut = List.of();
    }

    void check(List<String> found, boolean pageCacheSurvived, String when) {
      int must = pageCacheSurvived ? written.size() : flushed;
      assertThat(found.size()).as(when).isGreaterThanOrEqualTo(Math.min(must, cutTo));
      List<String> may = new ArrayList<>(written);
      may.addAll(inFlight);
      if (found.size() > may.size()) {
        may = beforeCut;
      }
      assertThat(found.size()).as(when).isLessThanOrEqualTo(may.size());
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i)).as(when).isEqualTo(i + ":" + may.get(i));
      }
    }
  }

  /** The story; each line of it may be its last. */
  private static final class Story {
    final LogFixture fixture;
    final Expectation expected = new Expectation();
    private int written;
    private @Nullable PartitionLog log;

    Story(MemoryDisk disk) {
      fixture = LogFixture.inMemory(disk);
      fixture.config = new LogConfig(1024, 1 << 30, 300, 1000, 1 << 20);
    }

    PartitionLog log() {
      if (log == null) {
        throw new IllegalStateException("not open");
      }
      return log;
    }

    void tell() throws IOException {
      start();
      epoch(1);
      append(3);
      flush();
      append(4); // rolls
      checkpoint();
      flush();
      append(2);
      flush();
      checkpoint();
      append(3);
      cut(7);
      epoch(2);
      append(4);
      checkpoint();
      append(2);
      flush();
      cut(10);
      append(1);
      stop();
      start();
      epoch(3);
      append(2);
      flush();
      cut(3); // far below what the checkpoint says, through several segments
      epoch(4);
      append(6);
      checkpoint();
      append(2);
      flush();
      append(3);
      checkpoint();
    }

    void start() throws IOException {
      fixture.start();
      log = fixture.open();
    }

    void stop() {
      assertThat(fixture.stop()).isTrue();
      expected.flushed = expected.written.size();
    }

    void epoch(int epoch) {
      fixture.beginEpoch(log(), epoch);
    }

    void append(int records) {
      for (int i = 0; i < records; i++) {
        String value = "value " + written++ + ".".repeat(200);
        expected.inFlight.add(value);
        long offset = fixture.append(log(), Batches.single(value));
        assertThat(offset).isEqualTo(expected.written.size());
        expected.written.add(value);
        expected.inFlight.clear();
      }
    }

    void flush() {
      fixture.flushNow(log());
      expected.flushed = fixture.ask(() -> log().flushedOffset()).intValue();
      assertThat(expected.flushed).isEqualTo(expected.written.size());
    }

    void chance(SplittableRandom random, int epoch) {
      int size = expected.written.size();
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> flush();
        case 3 -> checkpoint();
        case 4 -> {
          cut(size == 0 ? 0 : random.nextInt(Math.max(0, size - 12), size));
          epoch(epoch + 1);
        }
        default -> append(1 + random.nextInt(3));
      }
    }

    void checkpoint() {
      fixture.housekeeping.advanceMillis(5_000);
      fixture.settle();
    }

    void cut(int offset) {
      expected.cutTo = offset;
      boolean[] done = {false};
      fixture.onOwner(() -> log().truncateTo(offset, () -> done[0] = true));
      assertThat(done[0]).isTrue();
      List<String> behind = expected.written.subList(offset, expected.written.size());
      behind.clear();
      expected.flushed = Math.min(expected.flushed, offset);
      expected.cutTo = Integer.MAX_VALUE;
    }
  }

  @Test
  void tellsTheStoryToItsEnd() throws IOException {
    MemoryDisk disk = LogFixture.memoryDisk(1);
    Story story = new Story(disk);
    story.tell();
    assertThat(story.fixture.readAll(story.log(), 0, 1 << 20)).hasSize(14);
    assertThat(story.fixture.ask(() -> story.log().segmentCount())).isGreaterThan(3);
    assertThat(story.fixture.failures).isEmpty();
  }

  @Test
  @DisplayName("f11, f14, b81: after a crash at any step all that was flushed is there, unchanged")
  void keepsWhatWasFlushedWhereverItEnds() throws IOException {
    MemoryDisk whole = LogFixture.memoryDisk(1);
    new Story(whole).tell();
    for (long step = 1; step <= whole.steps(); step++) {
      MemoryDisk disk = LogFixture.memoryDisk(step);
      Story story = new Story(disk);
      disk.crashAt(step);
      try {
        story.tell();
      } catch (SimulatedCrash expected) {
        // as ordered
      }
      MemoryDisk killed = disk.copy(step);
      killed.killProcess();
      recover(killed, story.expected, true, "killed at step " + step);
      for (int seed = 0; seed < POWER_LOSSES; seed++) {
        MemoryDisk lost = disk.copy(1000 * step + seed);
        lost.losePower(seed == 0 ? 1 : 0.25 * seed);
        recover(lost, story.expected, false, "power lost at step " + step + ", seed " + seed);
      }
    }
  }

  @Test
  @DisplayName("f05, f12: stories made up by chance, with several crashes in each")
  void keepsWhatWasFlushedThroughRandomStories() throws IOException {
    for (int seed = 0; seed < 250; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      MemoryDisk disk = LogFixture.memoryDisk(seed);
      Story story = new Story(disk);
      for (int life = 0; life < 4; life++) {
        disk.crashAt(disk.steps() + 20 + random.nextInt(120));
        boolean alive = true;
        try {
          story.start();
          story.expected.recovered();
          story.epoch(10 * life + 1);
          for (int i = 0; i < 30; i++) {
            story.chance(random, 10 * life + 1);
          }
          story.stop();
        } catch (SimulatedCrash expected) {
          alive = false;
        }
        boolean powerLost = !alive && random.nextBoolean();
        if (powerLost) {
          disk.losePower(random.nextDouble());
        } else {
          disk.killProcess();
        }
        String when = "seed " + seed + ", life " + life + (powerLost ? ", power lost" : "");
        MemoryDisk looked = disk.copy(seed);
        LogFixture fixture = LogFixture.inMemory(looked);
        fixture.start();
        LogOpening opening = fixture.tryOpen();
        assertThat(opening).as(when).isInstanceOf(LogOpening.Opened.class);
        PartitionLog log = ((LogOpening.Opened) opening).log();
        List<String> found = fixture.readAll(log, 0, 700);
        story.expected.check(found, !powerLost, when);
        checkEpochs(fixture, log, when);
        story.expected.continueFrom(found);
      }
    }
  }

  private static void recover(
      MemoryDisk disk, Expectation expected, boolean pageCacheSurvived, String when)
      throws IOException {
    // First a recovery that is itself cut short by the death of the process.
    MemoryDisk again = disk.copy(7);
    again.crashAt(1 + (when.hashCode() & 15));
    try {
      LogFixture interrupted = LogFixture.inMemory(again);
      interrupted.start();
      interrupted.tryOpen();
    } catch (SimulatedCrash asOrdered) {
      again.killProcess();
      openAndCheck(again, expected, pageCacheSurvived, when + ", and again while recovering");
    }
    openAndCheck(disk, expected, pageCacheSurvived, when);
  }

  private static void openAndCheck(
      MemoryDisk disk, Expectation expected, boolean pageCacheSurvived, String when)
      throws IOException {
    LogFixture fixture = LogFixture.inMemory(disk);
    fixture.start();
    LogOpening opening = fixture.tryOpen();
    assertThat(opening).as(when).isInstanceOf(LogOpening.Opened.class);
    PartitionLog log = ((LogOpening.Opened) opening).log();
    List<String> found = fixture.readAll(log, 0, 700);
    expected.check(found, pageCacheSurvived, when);
    checkEpochs(fixture, log, when);

    goOnAndLosePower(fixture, log, disk, found, when);
  }

  /** The log grows again, perhaps past what an old checkpoint promised, and the power fails. */
  private static void goOnAndLosePower(
      LogFixture fixture, PartitionLog log, MemoryDisk disk, List<String> found, String when)
      throws IOException {
    fixture.beginEpoch(log, 100);
    List<String> whole = new ArrayList<>(found);
    for (int i = 0; i < 12; i++) {
      String value = "afterwards " + i + ".".repeat(200);
      assertThat(fixture.append(log, Batches.single(value))).isEqualTo(whole.size());
      whole.add(whole.size() + ":" + value);
      if (i == 0) {
        fixture.flushNow(log);
      }
    }
    MemoryDisk lost = disk.copy(when.hashCode());
    lost.losePower(0.5);
    LogFixture last = LogFixture.inMemory(lost);
    last.start();
    List<String> left = last.readAll(last.open(), 0, 1 << 20);
    assertThat(left.size()).as(when).isBetween(found.size() + 1, whole.size());
    assertThat(left).as(when).isEqualTo(whole.subList(0, left.size()));
  }

  /** The list of epochs tells of every batch what the batch tells of itself. */
  private static void checkEpochs(LogFixture fixture, PartitionLog log, String when) {
    fixture.onOwner(
        () -> {
          long next = 0;
          while (log.read(next, 1, log.endOffset()) instanceof ReadResult.Data data) {
            ByteBuffer bytes = Batches.bytes(data.slice());
            BatchIterator batches = new BatchIterator().over(bytes);
            while (batches.next()) {
              long offset = batches.batch().baseOffset();
              assertThat(log.epochAt(offset))
                  .as("epoch of offset " + offset + ", " + when)
                  .isEqualTo(batches.batch().leaderEpoch());
            }
            next = data.nextOffset();
          }
        });
  }

  @Test
  @DisplayName("f18, r23: a deletion that a crash ends leaves the partition whole, here or there")
  void deletesAllOrNothing() throws IOException {
    for (long step = 1; step < 15; step++) {
      for (int seed = 0; seed < 10; seed++) {
        MemoryDisk disk = LogFixture.memoryDisk(100 * step + seed);
        Story story = new Story(disk);
        story.start();
        story.epoch(1);
        story.append(5);
        story.flush();
        disk.crashAt(disk.steps() + step);
        List<Boolean> done = new ArrayList<>();
        try {
          story.fixture.store().delete(LogFixture.NAME, 1000, failure -> done.add(failure == null));
          story.fixture.settle();
        } catch (SimulatedCrash expected) {
          // as ordered
        }
        disk.losePower(0.5);
        boolean there = disk.kind(story.fixture.partitionDirectory()) == FileKind.DIRECTORY;
        if (!done.isEmpty()) {
          assertThat(there).isFalse();
        }
        if (there) {
          openAndCheck(disk, story.expected, false, "deleting, step " + step);
        } else {
          assertThat(disk.list(story.fixture.root.resolve("trash"))).hasSize(1);
        }
      }
    }
  }
}
