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
  private static final int POWER_LOSSES = 3;

  /** What must and may be in the log. One record a batch, so every offset is a boundary. */
  private static final class Expectation {
    final List<String> written = new ArrayList<>();
    final List<String> inFlight = new ArrayList<>();
    int flushed;
    int cutTo = Integer.MAX_VALUE;

    /** Where the log must begin at least, and may begin at most. */
    int start;

    int startAtMost;

    /** What an unfinished cut may have left, until a recovery has made up its mind on the disk. */
    List<String> beforeCut = List.of();

    /** What was found is what there is now; forced by the time the log has been opened again. */
    void continueFrom(List<String> found, int foundStart) {
      if (cutTo != Integer.MAX_VALUE) {
        beforeCut = List.copyOf(written);
      }
      List<String> trimmed = List.copyOf(written.subList(0, foundStart));
      written.clear();
      written.addAll(trimmed);
      for (String record : found) {
        written.add(record.substring(record.indexOf(':') + 1));
      }
      inFlight.clear();
      flushed = Math.min(flushed, written.size());
      cutTo = Integer.MAX_VALUE;
      start = foundStart;
      startAtMost = foundStart;
    }

    /** The log has been opened: what is in it is on disk. */
    void recovered() {
      flushed = written.size();
      beforeCut = List.of();
    }

    void check(List<String> found, int foundStart, boolean pageCacheSurvived, String when) {
      assertThat(foundStart).as("start " + when).isBetween(start, Math.max(start, startAtMost));
      int end = foundStart + found.size();
      int must = pageCacheSurvived ? written.size() : flushed;
      assertThat(end).as(when).isGreaterThanOrEqualTo(Math.min(must, cutTo));
      List<String> may = new ArrayList<>(written);
      may.addAll(inFlight);
      if (end > may.size()) {
        may = beforeCut;
      }
      assertThat(end).as(when).isLessThanOrEqualTo(may.size());
      for (int i = 0; i < found.size(); i++) {
        int offset = foundStart + i;
        assertThat(found.get(i)).as(when).isEqualTo(offset + ":" + may.get(offset));
      }
    }
  }

  /** The story; each line of it may be its last. */
  private static final class Story {
    final LogFixture fixture;
    final Expectation expected = new Expectation();
    private int written;
    private int lastEpoch;
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
      append(1);
      epoch(2); // on no disk yet when its first batches may be
      append(3); // rolls
      checkpoint();
      flush();
      append(2);
      flush();
      checkpoint();
      append(3);
      cut(7);
      epoch(3);
      append(4);
      checkpoint();
      append(2);
      flush();
      cut(10);
      append(1);
      stop();
      start();
      epoch(4);
      append(2);
      flush();
      cut(3); // far below what the checkpoint says, through several segments
      epoch(5);
      append(6);
      checkpoint();
      append(2);
      flush();
      append(3);
      checkpoint();
      trim(2); // in the middle of a segment
      append(6);
      flush();
      append(2);
      trim(expected.written.size() - 1); // over what is not forced yet
      append(1);
      trim(expected.written.size());
      append(2);
      retain(1500);
      checkpoint();
      append(5);
      cut(expected.start + 3);
      epoch(6);
      append(2);
      trim(expected.written.size()); // all there is
      stop();
      start();
      epoch(7);
      append(8);
      retain(0);
      append(4);
      flush();
    }

    /** As told to: the first offset that is to be kept. */
    void trim(int offset) {
      expected.startAtMost = offset;
      List<TrimResult> results = new ArrayList<>();
      fixture.onOwner(() -> log().trim(offset, log().endOffset(), results::add));
      assertThat(results).containsExactly(new TrimResult.Trimmed(offset));
      started();
    }

    /** By size; the files go at once. */
    void retain(long bytes) {
      expected.startAtMost = expected.written.size();
      LogConfig config = fixture.config;
      fixture.onOwner(
          () -> {
            log().noteHighWatermark(log().endOffset());
            log().configure(config.withRetention(-1, bytes));
          });
      log().retainLater(fixture.owner.clock().wallMillis());
      fixture.settle();
      fixture.flushNow(log());
      fixture.onOwner(() -> log().configure(config));
      fixture.housekeeping.advanceMillis(60_000);
      fixture.settle();
      started();
    }

    /** Whatever lies before the start has been forced. */
    private void started() {
      expected.start = fixture.ask(() -> log().startOffset()).intValue();
      expected.startAtMost = expected.start;
      expected.flushed = Math.max(expected.flushed, expected.start);
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
      lastEpoch = epoch;
      fixture.beginEpoch(log(), epoch);
    }

    /** On no disk before the next flush. */
    void nextEpoch() {
      epoch(lastEpoch + 1);
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

    void chance(SplittableRandom random) {
      int size = expected.written.size();
      int start = expected.start;
      switch (random.nextInt(17)) {
        case 0, 1, 2 -> flush();
        case 3 -> checkpoint();
        case 4 -> {
          cut(size == start ? start : random.nextInt(Math.max(start, size - 12), size));
          nextEpoch();
        }
        case 5 -> trim(size == start ? start : random.nextInt(start, size + 1));
        case 6 -> retain(random.nextInt(3000));
        case 7, 8 -> nextEpoch();
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
    int start = story.expected.start;
    assertThat(start).isGreaterThan(15);
    assertThat(story.fixture.readAll(story.log(), start, 1 << 20))
        .hasSize(story.expected.written.size() - start)
        .hasSizeGreaterThan(4);
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
        lost.losePower(seed == 0 ? 1 : 0.35 * seed);
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
          story.nextEpoch();
          for (int i = 0; i < 30; i++) {
            story.chance(random);
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
        int start = fixture.ask(log::startOffset).intValue();
        List<String> found = fixture.readAll(log, start, 700);
        story.expected.check(found, start, !powerLost, when);
        checkEpochs(fixture, log, when);
        story.expected.continueFrom(found, start);
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
    int start = fixture.ask(log::startOffset).intValue();
    List<String> found = fixture.readAll(log, start, 700);
    expected.check(found, start, pageCacheSurvived, when);
    checkEpochs(fixture, log, when);

    goOnAndLosePower(fixture, log, disk, found, start, when);
  }

  /** The log grows again, perhaps past what an old checkpoint promised, and the power fails. */
  private static void goOnAndLosePower(
      LogFixture fixture,
      PartitionLog log,
      MemoryDisk disk,
      List<String> found,
      int start,
      String when)
      throws IOException {
    fixture.beginEpoch(log, 100);
    List<String> whole = new ArrayList<>(found);
    for (int i = 0; i < 12; i++) {
      String value = "afterwards " + i + ".".repeat(200);
      long offset = (long) start + whole.size();
      assertThat(fixture.append(log, Batches.single(value))).isEqualTo(offset);
      whole.add(offset + ":" + value);
      if (i == 0) {
        fixture.flushNow(log);
      }
    }
    MemoryDisk lost = disk.copy(when.hashCode());
    lost.losePower(0.5);
    LogFixture last = LogFixture.inMemory(lost);
    last.start();
    PartitionLog opened = last.open();
    assertThat(last.<Long>ask(opened::startOffset)).as(when).isEqualTo(start);
    List<String> left = last.readAll(opened, start, 1 << 20);
    assertThat(left.size()).as(when).isBetween(found.size() + 1, whole.size());
    assertThat(left).as(when).isEqualTo(whole.subList(0, left.size()));
  }

  /** The list of epochs tells of every batch what the batch tells of itself. */
  private static void checkEpochs(LogFixture fixture, PartitionLog log, String when) {
    fixture.onOwner(
        () -> {
          long next = log.startOffset();
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
