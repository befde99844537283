package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A log that takes over what another one's leader wrote. */
class LogCopyTest {
  private final MemoryDisk leaderDisk = LogFixture.memoryDisk(1);
  private final MemoryDisk copyDisk = LogFixture.memoryDisk(2);
  private final LogFixture leaderSide = LogFixture.inMemory(leaderDisk);
  private final LogFixture copySide = LogFixture.inMemory(copyDisk);
  private PartitionLog leader;
  private PartitionLog copy;

  @BeforeEach
  void start() throws IOException {
    leaderSide.config = new LogConfig(2000, 1 << 30, 200, 1000, 1 << 20);
    copySide.config = leaderSide.config;
    leaderSide.start();
    copySide.start();
    leader = leaderSide.open();
    copy = copySide.open();
    leaderSide.beginEpoch(leader, 2);
  }

  private void appendToLeader(int count) {
    for (int i = 0; i < count; i++) {
      leaderSide.append(leader, Batches.single("value " + i));
    }
  }

  private ByteBuffer nextShare() {
    long next = copySide.ask(copy::endOffset);
    return leaderSide.ask(
        () -> {
          ReadResult result = leader.read(next, 500, leader.endOffset());
          return result instanceof ReadResult.Data data
              ? Batches.bytes(data.slice())
              : ByteBuffer.allocate(0);
        });
  }

  private void copyAll() {
    for (ByteBuffer share = nextShare(); share.hasRemaining(); share = nextShare()) {
      ByteBuffer bytes = share;
      copySide.ask(() -> copy.appendCopy(bytes, 0));
    }
  }

  @Test
  @DisplayName("i4: the copy has the same bytes, offsets and epochs")
  void isTheSameByteForByte() throws IOException {
    appendToLeader(30);
    leaderSide.beginEpoch(leader, 5);
    appendToLeader(30);
    copyAll();

    assertThat(copySide.<Long>ask(copy::endOffset)).isEqualTo(60);
    assertThat(copySide.readAll(copy, 0, 700)).isEqualTo(leaderSide.readAll(leader, 0, 700));
    assertThat(copyDisk.contents(copySide.logFile(0)))
        .isEqualTo(leaderDisk.contents(leaderSide.logFile(0)));
    assertThat(copySide.ask(() -> copy.endOffsetForEpoch(4))).isEqualTo(new EpochEnd(2, 30));
    assertThat(copySide.<Integer>ask(copy::highestEpochSeen)).isEqualTo(5);
  }

  @Test
  @DisplayName("r2: its list of epochs is on disk before its records count as flushed")
  void keepsItsEpochsThroughAPowerLoss() throws IOException {
    appendToLeader(3);
    leaderSide.beginEpoch(leader, 5);
    appendToLeader(3);
    copyAll();
    copySide.flushNow(copy);
    copyDisk.losePower(1);
    copySide.start();
    PartitionLog again = copySide.open();
    assertThat(copySide.<Long>ask(again::endOffset)).isEqualTo(6);
    assertThat(copySide.ask(() -> again.endOffsetForEpoch(2))).isEqualTo(new EpochEnd(2, 3));
    assertThat(copySide.<Integer>ask(again::latestEpoch)).isEqualTo(5);
  }

  @Test
  void refusesWhatDoesNotContinueIt() {
    appendToLeader(3);
    ByteBuffer share = nextShare();
    copySide.ask(() -> copy.appendCopy(share.duplicate(), 0));
    assertThatThrownBy(() -> copySide.ask(() -> copy.appendCopy(share.duplicate(), 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("offset 0, not 3");
    assertThat(copySide.<Long>ask(copy::endOffset)).isEqualTo(3);
  }

  @Test
  void refusesSharesThatAreNone() {
    assertThatThrownBy(() -> copySide.ask(() -> copy.appendCopy(ByteBuffer.allocate(0), 0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> copySide.ask(() -> copy.appendCopy(ByteBuffer.allocate(200), 0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("4.4: after a cut it takes over the other history")
  void takesOverAnotherHistoryAfterACut() throws IOException {
    appendToLeader(10);
    copyAll();
    copySide.beginEpoch(copy, 3); // led for a moment, and nobody followed
    copySide.append(copy, Batches.single("never committed"));
    leaderSide.beginEpoch(leader, 4);
    appendToLeader(5);

    EpochEnd theirs = leaderSide.ask(() -> leader.endOffsetForEpoch(3));
    assertThat(theirs).isEqualTo(new EpochEnd(2, 10));
    copySide.onOwner(() -> copy.truncateTo(theirs.endOffset(), () -> {}));
    copyAll();
    assertThat(copySide.readAll(copy, 0, 700)).isEqualTo(leaderSide.readAll(leader, 0, 700));
    assertThat(copySide.ask(() -> copy.endOffsetForEpoch(3))).isEqualTo(new EpochEnd(2, 10));
  }

  @Test
  @DisplayName("f16: epochs of batches that found no room do not stand in the way of other ones")
  void forgetsTheEpochsOfWhatFoundNoRoom() {
    appendToLeader(3);
    copyAll();
    appendToLeader(3);
    leaderSide.beginEpoch(leader, 5);
    appendToLeader(3);
    ByteBuffer share =
        leaderSide.ask(() -> Batches.bytes(((ReadResult.Data) leader.read(3, 1 << 20, 9)).slice()));
    copyDisk.limitBytes(0);
    AppendResult refused = copySide.ask(() -> copy.appendCopy(share.duplicate(), 0));
    assertThat(refused.failure()).isInstanceOf(AppendResult.AppendFailure.DiskFull.class);
    assertThat(copySide.<Integer>ask(copy::latestEpoch)).isEqualTo(2);

    copyDisk.limitBytes(Long.MAX_VALUE);
    copySide.beginEpoch(copy, 6); // it leads now
    assertThat(copySide.append(copy, Batches.single("another"))).isEqualTo(3);
  }

  @Test
  @DisplayName("a force that covers records of an epoch that leader-epochs does not name yet")
  void countsNoRecordAsFlushedBeforeItsEpochIsOnDisk() throws IOException {
    appendToLeader(1);
    copyAll();
    copySide.ask(
        () -> {
          copy.requestFlush(); // its job is made now, and runs when more has come
          return 0;
        });
    leaderSide.beginEpoch(leader, 5);
    appendToLeader(1);
    copyAll();
    copySide.flush.runAll();
    copySide.owner.runAll();
    assertThat(copySide.<Long>ask(copy::flushedOffset)).isEqualTo(1);

    copySide.flushNow(copy);
    assertThat(copySide.<Long>ask(copy::flushedOffset)).isEqualTo(2);
    copyDisk.losePower(1);
    copySide.start();
    PartitionLog again = copySide.open();
    assertThat(copySide.<Integer>ask(() -> again.epochAt(1))).isEqualTo(5);
  }
}
