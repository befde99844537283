package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SparseIndexTest {
  private static SparseIndex of(int limit, int entries) {
    SparseIndex index = new SparseIndex(limit);
    for (int i = 1; i <= entries; i++) {
      index.add(10 * i, 4096 * i, 1000L * (i / 3));
    }
    return index;
  }

  @Test
  void findsTheLastEntryAtOrBefore() {
    SparseIndex index = of(100, 5);
    assertThat(index.floorByOffset(9)).isEqualTo(-1);
    assertThat(index.floorByOffset(10)).isZero();
    assertThat(index.floorByOffset(49)).isEqualTo(3);
    assertThat(index.floorByOffset(Long.MAX_VALUE)).isEqualTo(4);
    assertThat(index.floorByPosition(4095)).isEqualTo(-1);
    assertThat(index.floorByPosition(8192)).isEqualTo(1);
    assertThat(index.floorByPosition(8191)).isZero();
  }

  @Test
  @DisplayName("by time: the last entry before which everything is older")
  void findsWhereATimeCanFirstBe() {
    SparseIndex index = of(100, 7); // times before: 0 0 1000 1000 1000 2000 2000
    assertThat(index.floorByTime(0)).isEqualTo(-1);
    assertThat(index.floorByTime(1)).isEqualTo(1);
    assertThat(index.floorByTime(1000)).isEqualTo(1);
    assertThat(index.floorByTime(1001)).isEqualTo(4);
    assertThat(index.floorByTime(5000)).isEqualTo(6);
  }

  @Test
  void staysSmallAndEvenHoweverMuchItIsGiven() {
    SparseIndex index = of(64, 100_000);
    assertThat(index.count()).isBetween(16, 64);
    int smallest = Integer.MAX_VALUE;
    int largest = index.position(0);
    for (int i = 1; i < index.count(); i++) {
      int gap = index.position(i) - index.position(i - 1);
      smallest = Math.min(smallest, gap);
      largest = Math.max(largest, gap);
    }
    assertThat(largest).isLessThanOrEqualTo(4 * smallest);
    assertThat(index.position(index.count() - 1)).isGreaterThan(4096 * 90_000);
  }

  @Test
  void refusesDisorder() {
    SparseIndex index = of(100, 2);
    assertThatThrownBy(() -> index.add(20, 9000, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> index.add(21, 8192, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void isCutAtAPosition() {
    SparseIndex index = of(100, 5);
    index.cut(8193);
    assertThat(index.count()).isEqualTo(2);
    index.cut(8192);
    assertThat(index.count()).isEqualTo(1);
    index.cut(0);
    assertThat(index.count()).isZero();
  }

  private static byte[] file(SparseIndex index, IndexFile.Seal seal) {
    ByteBuffer first = IndexFile.block(77, IndexFile.entries(index), null);
    ByteBuffer last = IndexFile.block(77, ByteBuffer.allocate(0), seal);
    return Batches.concat(first, last).array();
  }

  private static IndexFile.Content parse(byte[] bytes, long base, long logSize) {
    return IndexFile.parse(
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), base, logSize, 1000);
  }

  @Test
  void readsWhatItWrote() {
    SparseIndex index = of(100, 5);
    IndexFile.Seal seal = new IndexFile.Seal(177, 30_000, 12_345, 67_890);
    IndexFile.Content content = parse(file(index, seal), 77, 30_000);
    assertThat(content.problem()).isNull();
    assertThat(content.seal()).isEqualTo(seal);
    assertThat(content.index().count()).isEqualTo(5);
    for (int i = 0; i < 5; i++) {
      assertThat(content.index().offsetDelta(i)).isEqualTo(index.offsetDelta(i));
      assertThat(content.index().position(i)).isEqualTo(index.position(i));
      assertThat(content.index().maxTimestampBefore(i)).isEqualTo(index.maxTimestampBefore(i));
    }
  }

  @Test
  @DisplayName("b85: cut anywhere, an index counts up to its last whole block")
  void b85_countsUpToTheLastWholeBlock() {
    byte[] whole = file(of(100, 5), new IndexFile.Seal(177, 30_000, 12_345, 67_890));
    int first = IndexFile.block(77, IndexFile.entries(of(100, 5)), null).remaining();
    for (int size = 0; size < whole.length; size++) {
      IndexFile.Content content = parse(Arrays.copyOf(whole, size), 77, 30_000);
      assertThat(content.seal()).isNull();
      assertThat(content.validBytes()).isEqualTo(size < first ? 0 : first);
      assertThat(content.index().count()).isEqualTo(size < first ? 0 : 5);
    }
  }

  @Test
  @DisplayName("b85: no flipped bit goes unnoticed")
  void b85_noticesEveryFlippedBit() {
    byte[] whole = file(of(100, 3), new IndexFile.Seal(177, 30_000, 12_345, 67_890));
    for (int at = 0; at < whole.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) (1 << bit);
        assertThat(parse(damaged, 77, 30_000).problem()).isNotNull();
      }
    }
  }

  @Test
  void b85_believesNothingOfAnIndexThatContradictsItsLog() {
    byte[] whole = file(of(100, 5), new IndexFile.Seal(177, 30_000, 12_345, 67_890));
    assertThat(parse(whole, 78, 30_000).index().count()).isZero();
    assertThat(parse(whole, 77, 20_480).index().count()).isZero();
    assertThat(parse(whole, 77, 29_999).problem()).contains("another log size");
    byte[] more = Batches.concat(ByteBuffer.wrap(whole), ByteBuffer.wrap(whole)).array();
    assertThat(parse(more, 77, 30_000).problem()).contains("follow the seal");
  }
}
