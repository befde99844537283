package io.millrace.storage.producers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The table of 4.7, line by line. */
class ProducerTableTest {
  private static final long HOUR = 3_600_000;
  private static final long ID = 7;
  private static final int MAX = Integer.MAX_VALUE;

  private final ProducerTable table = new ProducerTable(new ProducerLimits(3, 24 * HOUR, HOUR));
  private long end;
  private long now = 100 * HOUR;

  private Verdict check(int epoch, int first, int records) {
    return table.check(ID, epoch, first, records, crc(first, records), now);
  }

  private static int crc(int first, int records) {
    return 31 * first + records;
  }

  private void append(long id, int epoch, int first, int records) {
    table.learn(id, epoch, first, records, end, now, crc(first, records));
    end += records;
  }

  private void append(int epoch, int first, int records) {
    append(ID, epoch, first, records);
  }

  @Test
  void appendsWhatComesNext() {
    assertThat(check(0, 0, 5)).isInstanceOf(Verdict.Append.class);
    append(0, 0, 5);
    assertThat(check(0, 5, 1)).isInstanceOf(Verdict.Append.class);
  }

  @Test
  @DisplayName("B38: a repetition gets the offset and the time of the first")
  void b38_answersARepetitionWithTheOriginalOffsetAndTime() {
    append(0, 0, 5);
    long then = now;
    now += 1000;
    append(0, 5, 3);
    assertThat(check(0, 0, 5)).isEqualTo(new Verdict.Duplicate(0, then));
    assertThat(check(0, 5, 3)).isEqualTo(new Verdict.Duplicate(5, now));
  }

  @Test
  @DisplayName("B38: 32 batches are remembered, and of older ones that they were there")
  void b38_remembersThirtyTwoBatches() {
    for (int i = 0; i < 40; i++) {
      append(0, 2 * i, 2);
    }
    assertThat(check(0, 2 * 39, 2)).isEqualTo(new Verdict.Duplicate(78, now));
    assertThat(check(0, 2 * 8, 2)).isEqualTo(new Verdict.Duplicate(16, now));
    assertThat(check(0, 2 * 7, 2)).isInstanceOf(Verdict.OldDuplicate.class);
    assertThat(check(0, 0, 2)).isInstanceOf(Verdict.OldDuplicate.class);
  }

  @Test
  @DisplayName("B38: a gap is out of order")
  void b38_refusesAGap() {
    append(0, 0, 5);
    assertThat(check(0, 6, 1)).isEqualTo(new Verdict.OutOfOrder(5));
    assertThat(check(0, 1_000_000, 1)).isEqualTo(new Verdict.OutOfOrder(5));
  }

  @Test
  @DisplayName("B38: sequences go on at 0 behind 2^31 - 1, in the middle of a batch too")
  void b38_wraps() {
    append(0, MAX - 4, 3);
    assertThat(check(0, MAX - 1, 5)).isInstanceOf(Verdict.Append.class);
    append(0, MAX - 1, 5);
    assertThat(check(0, MAX - 1, 5)).isEqualTo(new Verdict.Duplicate(3, now));
    assertThat(check(0, 2, 1)).isEqualTo(new Verdict.Reused(3));
    assertThat(check(0, 3, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(0, 4, 1)).isEqualTo(new Verdict.OutOfOrder(3));
    append(0, 3, 1);
    assertThat(check(0, MAX - 4, 3)).isEqualTo(new Verdict.Duplicate(0, now));
    assertThat(check(0, MAX - 9, 3)).isInstanceOf(Verdict.OldDuplicate.class);
  }

  @Test
  @DisplayName("B39: the same sequences with other records")
  void b39_refusesOtherRecordsUnderSequencesThatWereUsed() {
    append(0, 0, 5);
    append(0, 5, 5);
    assertThat(table.check(ID, 0, 5, 5, 1, now)).isEqualTo(new Verdict.Reused(5));
    assertThat(check(0, 5, 4)).isEqualTo(new Verdict.Reused(5));
    assertThat(check(0, 6, 4)).isEqualTo(new Verdict.Reused(5));
    assertThat(check(0, 3, 3)).isInstanceOf(Verdict.Reused.class);
    assertThat(check(0, 4, 100)).isInstanceOf(Verdict.Reused.class);
  }

  @Test
  @DisplayName("B37: a lower epoch is fenced; a higher one begins at 0 and forgets the batches")
  void b37_fencesAndBeginsAnew() {
    append(3, 0, 5);
    assertThat(check(2, 5, 1)).isEqualTo(new Verdict.Fenced(3));
    assertThat(check(2, 0, 5)).isEqualTo(new Verdict.Fenced(3));
    assertThat(check(4, 5, 1)).isEqualTo(new Verdict.OutOfOrder(0));
    assertThat(check(4, 0, 1)).isInstanceOf(Verdict.Append.class);
    append(4, 0, 1);
    assertThat(check(4, 0, 1)).isEqualTo(new Verdict.Duplicate(5, now));
    assertThat(check(4, 1, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(3, 0, 5)).isEqualTo(new Verdict.Fenced(4));
  }

  @Test
  @DisplayName("B37: nothing is known of the producer: only its first batch is taken")
  void b37_takesOnlyTheFirstBatchOfAnUnknownProducer() {
    assertThat(check(0, 1, 1)).isInstanceOf(Verdict.Unknown.class);
    assertThat(check(9, 0, 1)).isInstanceOf(Verdict.Append.class);
  }

  @Test
  void seesWhatTheTurnHasStaged() {
    append(0, 0, 5);
    table.stage(ID, 0, 5, 5);
    assertThat(check(0, 10, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(0, 11, 1)).isEqualTo(new Verdict.OutOfOrder(10));
    assertThat(check(0, 0, 5)).isInstanceOf(Verdict.Duplicate.class);
    assertThat(check(0, 5, 5)).isInstanceOf(Verdict.AskAgain.class);
    table.stage(ID, 1, 0, 1);
    assertThat(check(0, 10, 1)).isEqualTo(new Verdict.Fenced(1));
    assertThat(check(1, 1, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(1, 0, 1)).isInstanceOf(Verdict.AskAgain.class);
  }

  @Test
  void forgetsWhatWasStagedAndNotWritten() {
    append(0, 0, 5);
    table.stage(ID, 0, 5, 5);
    table.stage(8, 0, 0, 1);
    assertThat(table.check(8, 0, 1, 1, 0, now)).isInstanceOf(Verdict.Append.class);
    table.endTurn();
    assertThat(check(0, 5, 5)).isInstanceOf(Verdict.Append.class);
    assertThat(table.check(8, 0, 1, 1, 0, now)).isInstanceOf(Verdict.Unknown.class);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void undoesAShareThatIsRefused() {
    append(0, 0, 5);
    table.stage(ID, 0, 5, 5);
    table.beginShare();
    table.stage(ID, 0, 10, 1);
    table.stage(ID, 0, 11, 1);
    table.stage(8, 0, 0, 1);
    table.undoShare();
    assertThat(check(0, 10, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(0, 12, 1)).isEqualTo(new Verdict.OutOfOrder(10));
    assertThat(table.check(8, 0, 1, 1, 0, now)).isInstanceOf(Verdict.Unknown.class);
    assertThat(table.check(8, 0, 0, 1, 0, now)).isInstanceOf(Verdict.Append.class);
    table.endTurn();
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void forgetsWhoWasIdleForADay() {
    append(1, 0, 0, 1);
    now += HOUR;
    append(2, 0, 0, 1);
    now += 23 * HOUR - 1;
    table.expire(now);
    assertThat(table.size()).isEqualTo(2);
    table.expire(now + 1);
    assertThat(table.describe()).singleElement().asString().startsWith("2 0 ");
    table.expire(now + 24 * HOUR);
    assertThat(table.size()).isZero();
  }

  @Test
  @DisplayName("a loop that makes producers pushes out nobody who was active within the least time")
  void boundsProducersByTheirNumber() {
    append(1, 0, 0, 1);
    append(2, 0, 0, 1);
    append(3, 0, 0, 1);
    append(1, 0, 1, 1);
    assertThat(table.check(4, 0, 0, 1, 0, now)).isEqualTo(new Verdict.TooMany(3));
    assertThat(table.check(1, 0, 2, 1, 0, now)).isInstanceOf(Verdict.Append.class);
    now += HOUR;
    assertThat(table.check(4, 0, 0, 1, 0, now)).isInstanceOf(Verdict.Append.class);
    table.stage(4, 0, 0, 1);
    append(4, 0, 0, 1);
    table.endTurn();
    assertThat(table.size()).isEqualTo(3);
    assertThat(table.check(2, 0, 1, 1, 0, now)).isInstanceOf(Verdict.Unknown.class);
    assertThat(table.check(1, 0, 2, 1, 0, now)).isInstanceOf(Verdict.Append.class);
  }

  @Test
  void recordsWhateverALeaderHasWritten() {
    append(5, 10, 5);
    append(4, 3, 1);
    append(4, 99, 1);
    assertThat(check(4, 100, 1)).isInstanceOf(Verdict.Append.class);
    assertThat(check(4, 3, 1)).isInstanceOf(Verdict.Duplicate.class);
  }

  @Test
  void aCopyGoesItsOwnWay() {
    append(0, 0, 5);
    table.stage(ID, 0, 5, 1);
    ProducerTable copy = table.copy();
    append(0, 5, 1);
    assertThat(copy.check(ID, 0, 5, 1, crc(5, 1), now)).isInstanceOf(Verdict.Append.class);
    assertThat(check(0, 5, 1)).isInstanceOf(Verdict.Duplicate.class);
  }

  @Test
  @DisplayName("I2, I3: whatever is repeated, left out or swapped, each record stands there once")
  void keepsOneOfEachInOrder() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      ProducerTable fresh = new ProducerTable(ProducerLimits.DEFAULT);
      int next = MAX - random.nextInt(200);
      fresh.learn(ID, 0, next, 1, 0, now, crc(next, 1));
      next = Sequences.plus(next, 1);
      long offset = 1;
      int[] sizes = new int[100];
      int[] firsts = new int[100];
      long[] offsets = new long[100];
      int sequence = next;
      for (int i = 0; i < 100; i++) {
        sizes[i] = 1 + random.nextInt(9);
        firsts[i] = sequence;
        sequence = Sequences.plus(sequence, sizes[i]);
      }
      int appended = 0;
      while (appended < 100) {
        int sent = Math.min(99, Math.max(0, appended + random.nextInt(7) - 3));
        int crc = crc(firsts[sent], sizes[sent]);
        Verdict verdict = fresh.check(ID, 0, firsts[sent], sizes[sent], crc, now);
        if (sent == appended) {
          assertThat(verdict).isInstanceOf(Verdict.Append.class);
          fresh.learn(ID, 0, firsts[sent], sizes[sent], offset, now, crc);
          offsets[sent] = offset;
          offset += sizes[sent];
          appended++;
        } else if (sent < appended) {
          assertThat(verdict).isEqualTo(new Verdict.Duplicate(offsets[sent], now));
        } else {
          assertThat(verdict).isEqualTo(new Verdict.OutOfOrder(firsts[appended]));
        }
      }
    }
  }
}
