package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.SECOND;
import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a consumer reads when nothing is wrong. */
class ReadingTest {
  @Test
  void readsWhatIsThereAndWhatComes() {
    try (ConsumerWorld world = new ConsumerWorld(1, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "a", "b");
      world.consumer().assign(List.of(at("t", 0)));
      world.consumer().seekToBeginning(List.of());

      List<ConsumerRecord<String, String>> records = world.read(2);

      assertThat(records).extracting(ConsumerRecord::value).containsExactly("a", "b");
      assertThat(records).extracting(ConsumerRecord::key).containsExactly("key of a", "key of b");
      assertThat(records).extracting(ConsumerRecord::offset).containsExactly(0L, 1L);
      assertThat(world.consumer().position(at("t", 0))).isEqualTo(2);
      assertThat(world.consumer().currentLag(at("t", 0))).hasValue(0);
      world.append("t", 0, "c");
      assertThat(world.readValues(1)).containsExactly("c");
    }
  }

  @Test
  void beginsInTheMiddleOfABatch() {
    try (ConsumerWorld world = new ConsumerWorld(2, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "a", "b", "c");
      world.consumer().assign(List.of(at("t", 0)));
      world.consumer().seek(at("t", 0), 1);

      assertThat(world.readValues(2)).containsExactly("b", "c");
    }
  }

  @Test
  void returnsNoMoreAtOnceThanItIsTo() {
    ConsumerSettings.Builder settings = ConsumerSettings.builder("zk:2181").maxPollRecords(2);
    try (ConsumerWorld world = new ConsumerWorld(3, 1, settings)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "a", "b", "c", "d", "e");
      world.consumer().assign(List.of(at("t", 0)));
      world.consumer().seek(at("t", 0), 0);

      assertThat(world.consumer().poll(SECOND).count()).isEqualTo(2);
      assertThat(world.consumer().position(at("t", 0))).isEqualTo(2);
      assertThat(world.readValues(3)).containsExactly("c", "d", "e");
    }
  }

  @Test
  void readsManyPartitionsOfSeveralLeaders() {
    try (ConsumerWorld world = new ConsumerWorld(4, 3)) {
      world.world().cluster().createTopic("t", 7);
      for (int i = 0; i < 7; i++) {
        world.append("t", i, "a" + i, "b" + i);
      }
      world
          .consumer()
          .assign(java.util.stream.IntStream.range(0, 7).mapToObj(i -> at("t", i)).toList());
      world.consumer().seekToBeginning(List.of());

      assertThat(world.readValues(14))
          .hasSize(14)
          .contains("a0", "b0", "a6", "b6")
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void readsNothingOfWhatIsPausedAndKeepsWhatWasFetched() {
    try (ConsumerWorld world = new ConsumerWorld(5, 1)) {
      world.world().cluster().createTopic("t", 2);
      world.append("t", 0, "a");
      world.consumer().assign(List.of(at("t", 0), at("t", 1)));
      world.consumer().seekToBeginning(List.of());
      assertThat(world.readValues(1)).containsExactly("a");

      world.append("t", 0, "b");
      world.world().runFor(SECOND);
      world.consumer().pause(List.of(at("t", 0)));
      world.append("t", 1, "c");

      assertThat(world.consumer().poll(SECOND).records("t"))
          .extracting(ConsumerRecord::value)
          .containsExactly("c");
      assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
      world.consumer().resume(List.of(at("t", 0)));
      assertThat(world.consumer().poll(Duration.ZERO).records("t"))
          .extracting(ConsumerRecord::value)
          .containsExactly("b");
    }
  }

  @Test
  void movesOverOffsetsThatHoldNothingAlsoAtTheEnd() {
    try (ConsumerWorld world = new ConsumerWorld(6, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "a");
      world.log("t", 0).skip(5);
      world.append("t", 0, "b");
      world.log("t", 0).skip(3);
      world.consumer().assign(List.of(at("t", 0)));
      world.consumer().seek(at("t", 0), 0);

      assertThat(world.read(2)).extracting(ConsumerRecord::offset).containsExactly(0L, 6L);
      assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
      assertThat(world.consumer().position(at("t", 0))).isEqualTo(10);
    }
  }

  @Test
  void beginsAtTheEndUnlessTold() {
    try (ConsumerWorld world = new ConsumerWorld(7, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "old");
      world.consumer().assign(List.of(at("t", 0)));
      assertThat(world.consumer().position(at("t", 0))).isEqualTo(1);
      world.append("t", 0, "new");

      assertThat(world.readValues(1)).containsExactly("new");
    }
  }

  @Test
  void refusesToPollWithoutAnAssignment() {
    try (ConsumerWorld world = new ConsumerWorld(8, 1)) {
      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void discardsWhatComesForAPlaceThatWasLeft() {
    try (ConsumerWorld world = new ConsumerWorld(9, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "a");
      world.append("t", 0, "b");
      world.append("t", 0, "c");
      world.consumer().assign(List.of(at("t", 0)));
      world.consumer().seek(at("t", 0), 0);
      world.consumer().poll(Duration.ZERO); // asks, and does not wait
      world.consumer().seek(at("t", 0), 2);

      assertThat(world.readValues(1)).containsExactly("c");
      world.consumer().seek(at("t", 0), 0);
      assertThat(world.readValues(3)).containsExactly("a", "b", "c");
    }
  }
}
