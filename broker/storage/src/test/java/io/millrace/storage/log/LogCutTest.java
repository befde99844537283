package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogCutTest {
  private static final long TIME = 1_700_000_000_000L;

  private MemoryDisk disk;
  private LogFixture fixture;
  private PartitionLog log;

  @BeforeEach
  void start() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(2000, 1 << 30, 200, 1000, 1 << 20);
    fixture.start();
    log = fixture.open();
    fixture.beginEpoch(log, 1);
  }

  private void append(int count, long firstTime) {
    long end = fixture.ask(log::endOffset);
    for (int i = 0; i < count; i++) {
      fixture.append(log, Batches.batch(firstTime + i, "v" + (end + i)));
    }
  }

  private void cut(long offset) {
    List<Boolean> done = new ArrayList<>();
    fixture.onOwner(() -> log.truncateTo(offset, () -> done.add(true)));
    assertThat(done).hasSize(1);
  }

  @Test
  @DisplayName("4.4: cuts data, indexes, epochs and the high watermark together")
  void cutsEverythingThatGoesWithTheLog() {
    append(40, TIME);
    fixture.beginEpoch(log, 2);
    append(40, TIME + 1000);
    fixture.onOwner(() -> log.noteHighWatermark(70));
    fixture.flushNow(log);
    for (int to : new int[] {79, 61, 60, 41, 40, 39, 17, 1, 0}) {
      cut(to);
      assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(to);
      assertThat(fixture.<Long>ask(log::flushedOffset)).isEqualTo(to);
      assertThat(fixture.<Long>ask(log::highWatermarkHint)).isEqualTo(Math.min(to, 70));
      assertThat(fixture.<Integer>ask(log::latestEpoch)).isEqualTo(to > 40 ? 2 : to > 0 ? 1 : -1);
      assertThat(fixture.readAll(log, 0, 500)).hasSize(to);
      long latest = to > 40 ? TIME + 1000 + to - 41 : TIME + to - 1;
      assertThat(fixture.timeOf(log, latest + 1, to)).isEmpty();
      if (to > 0) {
        assertThat(fixture.timeOf(log, latest, to))
            .hasValueSatisfying(found -> assertThat(found.offset()).isEqualTo(to - 1));
      }
    }
    assertThat(fixture.<Integer>ask(log::segmentCount)).isEqualTo(1);
  }

  @Test
  void goesOnWithOtherRecordsAtTheSameOffsets() throws IOException {
    append(50, TIME);
    cut(13);
    fixture.beginEpoch(log, 7);
    append(50, TIME + 500);
    fixture.append(log, Batches.single("new end"));
    List<String> before = fixture.readAll(log, 0, 500);
    assertThat(before).hasSize(64).endsWith("63:new end");
    assertThat(fixture.<Integer>ask(() -> log.epochAt(12))).isEqualTo(1);
    assertThat(fixture.<Integer>ask(() -> log.epochAt(13))).isEqualTo(7);
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 500)).isEqualTo(before);
  }

  @Test
  @DisplayName("4.1: a batch is cut off whole")
  void cutsABatchWhole() {
    fixture.append(log, Batches.batch(TIME, "a", "b"));
    fixture.append(log, Batches.batch(TIME, "c", "d", "e"));
    cut(3);
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(2);
    assertThat(fixture.readAll(log, 0, 500)).containsExactly("0:a", "1:b");
  }

  @Test
  void doesNothingAtTheEndOrBehindIt() {
    append(3, TIME);
    cut(3);
    cut(100);
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(3);
  }

  @Test
  @DisplayName("4.4: never below the start")
  void refusesToCutBelowTheStart() {
    assertThatThrownBy(() -> fixture.ask(() -> cutWithoutWaiting(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private boolean cutWithoutWaiting(long offset) {
    log.truncateTo(offset, () -> {});
    return true;
  }

  @Test
  void waitsForAFlushThatIsRunningAndBlocksAppendsUntilItIsDone() {
    append(10, TIME);
    List<String> order = new ArrayList<>();
    fixture.ask(
        () -> {
          log.requestFlush();
          log.truncateTo(4, () -> order.add("cut"));
          return 0;
        });
    assertThatThrownBy(() -> fixture.append(log, Batches.single("x")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("being cut");
    fixture.settle();
    assertThat(order).containsExactly("cut");
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(4);
    fixture.beginEpoch(log, 2);
    assertThat(fixture.append(log, Batches.single("x"))).isEqualTo(4);
  }

  @Test
  @DisplayName("b82: damage found while cutting takes the log offline, not the directory")
  void goesOfflineWhenTheLogIsDamagedWhereItIsToBeCut() throws IOException {
    append(10, TIME);
    fixture.flushNow(log);
    int position = disk.contents(fixture.logFile(0)).length / 2;
    for (int i = 0; i < 100; i++) {
      disk.flipBit(fixture.logFile(0), position + i, 0);
    }
    fixture.onOwner(() -> log.truncateTo(9, () -> {}));
    assertThat(fixture.failures).hasSize(1);
    assertThat(fixture.store().failure()).isNull();
    assertThat(disk.contents(fixture.logFile(0))).hasSizeGreaterThan(position);
  }

  private boolean reshapeOnAFullDisk(Runnable whileFull, Reshaping reshaping) {
    List<Boolean> done = new ArrayList<>();
    fixture.flushNow(log);
    disk.limitBytes(0);
    fixture.onOwner(() -> reshaping.begin(() -> done.add(true)));
    assertThat(done).isEmpty();
    assertThat(fixture.diskFailure.get()).isNull();
    whileFull.run();
    disk.limitBytes(Long.MAX_VALUE);
    fixture.owner.advanceMillis(1_000);
    fixture.settle();
    return !done.isEmpty();
  }

  private interface Reshaping {
    void begin(Runnable whenDone);
  }

  @Test
  @DisplayName("f16: a cut waits for room, and the broker lives")
  void f16_cutsOnceThereIsRoom() throws IOException {
    append(50, TIME);
    assertThat(reshapeOnAFullDisk(() -> {}, done -> log.truncateTo(13, done))).isTrue();
    assertThat(fixture.failures).isEmpty();
    assertThat(fixture.<Long>ask(log::endOffset)).isEqualTo(13);
    fixture.beginEpoch(log, 2);
    append(1, TIME);
    assertThat(fixture.stop()).isTrue();
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 500)).hasSize(14);
  }

  @Test
  @DisplayName("f16: starting over waits for room, and the broker lives")
  void f16_startsOverOnceThereIsRoom() {
    append(50, TIME);
    assertThat(reshapeOnAFullDisk(() -> {}, done -> log.startOver(100, 100, done))).isTrue();
    assertThat(fixture.failures).isEmpty();
    fixture.beginEpoch(log, 2);
    assertThat(fixture.append(log, Batches.single("a"))).isEqualTo(100);
  }

  @Test
  @DisplayName("f16: a stop does not wait for room; the next start finds the log uncut")
  void f16_aStopEndsTheWait() throws IOException {
    append(50, TIME);
    List<Boolean> clean = new ArrayList<>();
    boolean done =
        reshapeOnAFullDisk(
            () -> {
              fixture.store().close(1, clean::add);
              fixture.settle();
              fixture.owner.advanceMillis(1_000);
              fixture.settle();
            },
            whenDone -> log.truncateTo(13, whenDone));
    assertThat(done).isFalse();
    assertThat(clean).containsExactly(false);
    fixture.kill();
    disk.killProcess();
    fixture.start();
    assertThat(fixture.readAll(fixture.open(), 0, 500)).hasSize(50);
  }
}
