package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.SECOND;
import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leaders, brokers and topics come and go; so do records. */
class ClusterChangesTest {
  private static ConsumerSettings.Builder settings() {
    return ConsumerSettings.builder("zk:2181");
  }

  private static ConsumerWorld reading(long seed, int brokers, ConsumerSettings.Builder settings) {
    ConsumerWorld world = new ConsumerWorld(seed, brokers, settings);
    world.world().cluster().createTopic("t", 1);
    world.append("t", 0, "a", "b", "c");
    world.consumer().assign(List.of(at("t", 0)));
    world.consumer().seek(at("t", 0), 0);
    assertThat(world.readValues(3)).containsExactly("a", "b", "c");
    return world;
  }

  @Test
  void followsTheLeader() {
    try (ConsumerWorld world = reading(21, 2, settings())) {
      world.world().cluster().lead("t", 0, 2, true);
      world.log("t", 0).append(ConsumerWorld.batch(io.millrace.wire.Compressions.NONE, "d"), 2, 0);

      assertThat(world.readValues(1)).containsExactly("d");
    }
  }

  @Test
  void followsALeaderThatItHasToFindByAsking() {
    try (ConsumerWorld world = reading(22, 2, settings())) {
      world.world().cluster().lead("t", 0, 2, false);
      world.append("t", 0, "d");

      assertThat(world.readValues(1)).containsExactly("d");
    }
  }

  @Test
  void goesOnWhenItsBrokerComesBack() {
    try (ConsumerWorld world = reading(23, 1, settings())) {
      world.world().killBroker(1);
      assertThat(world.consumer().poll(Duration.ofSeconds(5)).isEmpty()).isTrue();
      world.world().startBroker(1, 2);
      world.append("t", 0, "d");

      assertThat(world.readValues(1)).containsExactly("d");
    }
  }

  @Test
  void goesOnWithoutTheCoordinationStore() {
    try (ConsumerWorld world = reading(24, 1, settings())) {
      world.world().cluster().setConnected(false);
      world.append("t", 0, "d");
      assertThat(world.readValues(1)).containsExactly("d");

      world.world().network().reset("client", "b1");
      world.append("t", 0, "e");
      assertThat(world.readValues(1)).containsExactly("e");
    }
  }

  @Test
  void b97_asksRarelyWhileEveryRequestTimesOut() {
    try (ConsumerWorld world = reading(25, 1, settings().requestTimeout(Duration.ofSeconds(2)))) {
      int before = world.world().broker(1).seen().size();
      world.world().broker(1).script(request -> true);
      world.world().runFor(Duration.ofMinutes(10));
      int asked = world.world().broker(1).seen().size() - before;

      assertThat(asked).isBetween(100, 400);
      assertThat(world.world().network().outstandingBuffers()).isZero();
    }
  }

  @Test
  void b97_asksRarelyWhileThePartitionIsRefused() {
    try (ConsumerWorld world = reading(26, 1, settings())) {
      int before = world.world().broker(1).seen(Request.ApiCase.FETCH).size();
      world
          .world()
          .broker(1)
          .script(
              request -> {
                if (request.head().getApiCase() == Request.ApiCase.FETCH) {
                  request.refuse(ErrorCode.BUSY, "busy");
                  return true;
                }
                return false;
              });
      world.world().runFor(Duration.ofMinutes(1));

      assertThat(world.world().broker(1).seen(Request.ApiCase.FETCH).size() - before)
          .isBetween(30, 200);
    }
  }

  @Test
  void failsWhereAPositionThatWasSoughtHasNoRecord() {
    try (ConsumerWorld world = reading(27, 1, settings())) {
      world.consumer().seek(at("t", 0), 50);
      for (int i = 0; i < 2; i++) {
        OffsetOutOfRangeException e =
            catchThrowableOfType(
                OffsetOutOfRangeException.class, () -> world.consumer().poll(SECOND));
        assertThat(e.offset()).isEqualTo(50);
        assertThat(world.consumer().position(at("t", 0))).isEqualTo(50);
      }
      world.consumer().seek(at("t", 0), 1);
      assertThat(world.readValues(2)).containsExactly("b", "c");
    }
  }

  @Test
  void goesToTheFirstRecordWhereToldTo() {
    try (ConsumerWorld world = reading(28, 1, settings().autoOffsetReset(OffsetReset.EARLIEST))) {
      world.append("t", 0, "d");
      world.log("t", 0).trim(3);
      world.consumer().seek(at("t", 0), 1);

      assertThat(world.readValues(1)).containsExactly("d");
    }
  }

  @Test
  void goesToTheEndWhereToldTo() {
    try (ConsumerWorld world = reading(29, 1, settings().autoOffsetReset(OffsetReset.LATEST))) {
      world.consumer().seek(at("t", 0), 50);
      assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
      assertThat(world.consumer().position(at("t", 0))).isEqualTo(3);
    }
  }

  @Test
  void saysThatNoPositionWasSoughtWhereItIsToFail() {
    ConsumerSettings.Builder fail = settings().autoOffsetReset(OffsetReset.FAIL);
    try (ConsumerWorld world = new ConsumerWorld(30, 1, fail)) {
      world.world().cluster().createTopic("t", 1);
      world.consumer().assign(List.of(at("t", 0)));

      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(OffsetOutOfRangeException.class)
          .hasMessageContaining("no position was sought");
    }
  }

  @Test
  void tellsOfATopicThatDoesNotExistAndReadsAllOfItOnceItDoes() {
    try (ConsumerWorld world = new ConsumerWorld(31, 1)) {
      world.consumer().assign(List.of(at("t", 0)));
      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(UnknownTopicException.class);
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "first");

      assertThat(world.readValues(1)).containsExactly("first");
    }
  }

  @Test
  void tellsOfAPartitionThatDoesNotExist() {
    try (ConsumerWorld world = new ConsumerWorld(32, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.consumer().assign(List.of(at("t", 7)));

      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(UnknownPartitionException.class);
    }
  }

  @Test
  void doesNotReadOnInAnotherTopicOfTheSameName() {
    try (ConsumerWorld world = reading(33, 1, settings())) {
      world.world().cluster().deleteTopic("t");
      world.world().cluster().createTopic("t", 1);
      world.append("t", 0, "x", "y", "z", "new");

      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(UnknownTopicException.class)
          .hasMessageContaining("made anew");
      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(UnknownTopicException.class);
      world.consumer().seekToBeginning(List.of());
      assertThat(world.readValues(4)).containsExactly("x", "y", "z", "new");
    }
  }

  @Test
  void looksTheFirstRecordUpAgainWhenRetentionWasFaster() {
    try (ConsumerWorld world = reading(34, 1, settings())) {
      world.append("t", 0, "d");
      boolean[] trimmed = new boolean[1];
      world.consumer().seekToBeginning(List.of());
      world
          .world()
          .broker(1)
          .script(
              request -> {
                // Retention runs between the lookup and the fetch that follows it.
                if (request.head().getApiCase() == Request.ApiCase.FETCH
                    && request.head().getFetch().getPartitions(0).getFetchOffset() == 0
                    && !trimmed[0]) {
                  trimmed[0] = true;
                  world.log("t", 0).trim(3);
                }
                return false;
              });

      assertThat(world.readValues(1)).containsExactly("d");
      assertThat(trimmed[0]).isTrue();
    }
  }
}
