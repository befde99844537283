package io.millrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyMapTest {
  private static ByteBuffer key(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void knowsTheLatestOffsetOfEachKeyAsAMapWould() {
    Random random = new Random(7);
    KeyMap keys = new KeyMap(16 << 20);
    Map<String, Long> model = new HashMap<>();
    for (long offset = 0; offset < 50_000; offset++) {
      String name = "k" + random.nextInt(20_000);
      assertThat(keys.put(key(name), offset)).isTrue();
      model.put(name, offset);
    }
    assertThat(keys.count()).isEqualTo(model.size());
    model.forEach((name, offset) -> assertThat(keys.latest(key(name))).isEqualTo(offset));
    assertThat(keys.latest(key("nobody"))).isEqualTo(-1);
    assertThat(keys.latest(ByteBuffer.allocate(0))).isEqualTo(-1);
  }

  @Test
  void theLaterOffsetCountsInWhateverOrderTheyCome() {
    KeyMap keys = new KeyMap(1 << 20);
    keys.put(key("a"), 7);
    keys.put(key("a"), 0);
    assertThat(keys.latest(key("a"))).isEqualTo(7);
    keys.put(key("b"), 0);
    assertThat(keys.latest(key("b"))).isZero();
  }

  @Test
  void takesNoMoreMemoryThanItMayAndThenRefusesNewKeysOnly() {
    KeyMap keys = new KeyMap(100_000); // 4,096 slots of 24 bytes
    long offset = 0;
    while (keys.put(key("k" + offset), offset)) {
      offset++;
    }
    assertThat(offset).isEqualTo(3_072);
    assertThat(keys.bytes()).isLessThanOrEqualTo(100_000);
    assertThat(keys.put(key("k0"), 9_999)).isTrue();
    assertThat(keys.latest(key("k0"))).isEqualTo(9_999);
    assertThat(keys.latest(key("k" + offset))).isEqualTo(-1);
  }
}
