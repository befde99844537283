package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.SECOND;
import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.client.ConsumerSettings;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.WakeupException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The calls that wait, and how they end. */
class CallsTest {
  private static ConsumerWorld assigned(long seed) {
    ConsumerWorld world = new ConsumerWorld(seed, 1);
    world.world().cluster().createTopic("t", 2);
    world.append("t", 0, "a", "b");
    world.consumer().assign(List.of(at("t", 0)));
    world.consumer().seek(at("t", 0), 0);
    return world;
  }

  @Test
  void wakeupEndsTheNextPollAndLosesNothing() {
    try (ConsumerWorld world = assigned(41)) {
      world.consumer().wakeup();
      assertThatThrownBy(() -> world.consumer().poll(SECOND)).isInstanceOf(WakeupException.class);
      assertThat(world.readValues(2)).containsExactly("a", "b");
    }
  }

  @Test
  void wakeupEndsThePollThatWaits() {
    try (ConsumerWorld world = assigned(42)) {
      world.readValues(2);
      world
          .world()
          .scheduler()
          .at(world.world().scheduler().nanoTime() + SECOND.toNanos(), world.consumer()::wakeup);

      assertThatThrownBy(() -> world.consumer().poll(Duration.ofHours(1)))
          .isInstanceOf(WakeupException.class);
      assertThat(world.world().scheduler().nanoTime()).isLessThan(Duration.ofMinutes(1).toNanos());
    }
  }

  @Test
  void b100_keepsTheInterruptAndLosesNothing() {
    try (ConsumerWorld world = assigned(43)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> world.consumer().poll(SECOND))
          .isInstanceOf(InterruptException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(world.readValues(2)).containsExactly("a", "b");
    }
  }

  @Test
  void b98_closesTwiceAndAfterWakeup() {
    ConsumerWorld world = assigned(44);
    world.consumer().poll(Duration.ZERO);
    world.consumer().wakeup();
    world.close();
    world.consumer().close();

    assertThat(world.endings()).isEqualTo(1);
    assertThatThrownBy(() -> world.consumer().poll(SECOND)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> world.consumer().assignment()).isInstanceOf(ClosedException.class);
  }

  @Test
  void b98_givesBackWhatWasFetchedAndNotRead() {
    ConsumerWorld world = assigned(45);
    world.consumer().poll(Duration.ZERO);
    world.world().runFor(SECOND);
    assertThat(world.world().network().outstandingBuffers()).isPositive();

    world.close(); // looks for buffers that were not given back
  }

  @Test
  void refusesASecondThread() {
    try (ConsumerWorld world = assigned(46)) {
      List<Throwable> seen = new ArrayList<>();
      Runnable otherThread =
          () ->
              seen.add(
                  CompletableFuture.supplyAsync(
                          () -> catchThrowable(() -> world.consumer().assignment()))
                      .join());
      world
          .world()
          .scheduler()
          .at(world.world().scheduler().nanoTime() + SECOND.toNanos() / 2, otherThread);
      world.readValues(2);
      world.consumer().poll(SECOND);

      assertThat(seen).hasSize(1).hasOnlyElementsOfType(ConcurrentModificationException.class);
    }
  }

  @Test
  void i17_positionEndsInTime() {
    try (ConsumerWorld world = new ConsumerWorld(47, 1)) {
      world.world().cluster().createTopic("t", 1);
      world.world().cluster().lead("t", 0, -1, true);
      world.consumer().assign(List.of(at("t", 0)));
      long before = world.world().scheduler().nanoTime();

      assertThatThrownBy(() -> world.consumer().position(at("t", 0), SECOND))
          .isInstanceOf(TimedOutException.class);
      assertThat(world.world().scheduler().nanoTime() - before)
          .isBetween(SECOND.toNanos(), SECOND.toNanos() * 11 / 10);
    }
  }

  @Test
  void i17_lookupsEndInTimeWhenNobodyAnswers() {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder("zk:2181").defaultApiTimeout(Duration.ofSeconds(5));
    try (ConsumerWorld world = new ConsumerWorld(48, 1, settings)) {
      world.world().cluster().createTopic("t", 1);
      world.world().broker(1).script(request -> true);

      assertThatThrownBy(() -> world.consumer().endOffsets(List.of(at("t", 0))))
          .isInstanceOf(TimedOutException.class);
    }
  }

  @Test
  void findsOffsetsByEndAndTime() {
    try (ConsumerWorld world = assigned(49)) {
      world.log("t", 0).trim(0);
      List<io.millrace.client.TopicPartition> both = List.of(at("t", 0), at("t", 1));

      assertThat(world.consumer().beginningOffsets(both))
          .isEqualTo(Map.of(at("t", 0), 0L, at("t", 1), 0L));
      assertThat(world.consumer().endOffsets(both))
          .isEqualTo(Map.of(at("t", 0), 2L, at("t", 1), 0L));
      assertThat(world.consumer().offsetsForTimes(Map.of(at("t", 0), 1001L, at("t", 1), 1L)))
          .hasSize(1)
          .hasEntrySatisfying(at("t", 0), found -> assertThat(found.offset()).isEqualTo(1));
      assertThat(world.consumer().partitionsFor("t")).hasSize(2);
    }
  }

  @Test
  void refusesAWaitThatLooksLikeADeadBroker() {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder("zk:2181")
            .fetchMaxWait(Duration.ofSeconds(20))
            .requestTimeout(Duration.ofSeconds(30));

    assertThatThrownBy(settings::build)
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("fetch.max.wait.ms");
  }

  @Test
  void refusesWhatIsNotAssignedAndNegativeOffsets() {
    try (ConsumerWorld world = assigned(51)) {
      assertThatThrownBy(() -> world.consumer().seek(at("t", 1), 0))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> world.consumer().seek(at("t", 0), -1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> world.consumer().pause(List.of(at("u", 0))))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
