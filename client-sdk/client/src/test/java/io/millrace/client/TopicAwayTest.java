package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.FakeCluster.FakeTopic;
import io.millrace.client.fake.SimulatedWorld;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * B76: a topic's metadata is taken away and put back, and its partitions remember what the producer
 * has written to them before. Also partitions that are not there for a while.
 */
class TopicAwayTest {
  private final SimulatedWorld world = new SimulatedWorld(3, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedProducer producer() {
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    return producer;
  }

  private static void sendAndAwait(SimulatedProducer producer, String... values) {
    for (String value : values) {
      producer.send("notes", 0, value);
      producer.awaitAll();
    }
  }

  /** Away until a record that needed it has failed, then back as it was. */
  private void hideAndShow(FakeTopic topic, SimulatedProducer producer, String between) {
    world.cluster().deleteTopic("notes");
    sendAndAwait(producer, between);
    assertThat(producer.ended().get(producer.ended().size() - 1).error())
        .isInstanceOf(UnknownTopicException.class);
    world.cluster().putBack(topic);
    producer.learn("notes");
  }

  @Test
  @DisplayName("B76, P-4: however often it was away")
  void b76_isWrittenToAgainHoweverOftenItWasAway() {
    FakeTopic topic = world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a", "b");
    for (int i = 0; i < 3; i++) {
      hideAndShow(topic, producer, "never " + i);
      sendAndAwait(producer, "c" + i, "d" + i);
    }
    assertThat(topic.log(0).values()).containsExactly("a", "b", "c0", "d0", "c1", "d1", "c2", "d2");
    assertThat(topic.log(0).numbers())
        .containsExactly("0:0+1", "0:1+1", "1:0+1", "1:1+1", "2:0+1", "2:1+1", "3:0+1", "3:1+1");
  }

  @Test
  @DisplayName("I1: what the leader remembers of before is not what is sent now")
  void i01_countsNothingAsWrittenBecauseItsNumberWasUsedBefore() {
    FakeTopic topic = world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = producer();
    for (int i = 0; i < 40; i++) {
      sendAndAwait(producer, "before " + i);
    }
    hideAndShow(topic, producer, "never");
    sendAndAwait(producer, "after");
    assertThat(producer.metadata(41).offset()).isEqualTo(40);
    assertThat(topic.log(0).values()).hasSize(41).endsWith("after");
  }

  @Test
  void writesToAPartitionThatAnotherTopicOfTheNameHadNotAndHasNow() {
    world.cluster().createTopic("notes", 2);
    SimulatedProducer producer = producer();
    producer.send("notes", 1, "a");
    producer.awaitAll();
    world.cluster().createTopic("notes", 1);
    world.runFor(Duration.ofSeconds(1));
    producer.send("notes", 1, "b");
    producer.awaitAll();
    assertThat(producer.ended().get(1).error()).isInstanceOf(UnknownPartitionException.class);
    FakeTopic grown = world.cluster().createTopic("notes", 2);
    world.runFor(Duration.ofSeconds(1));
    producer.send("notes", 1, "c");
    producer.awaitAll();
    assertThat(producer.metadata(2).offset()).isZero();
    assertThat(grown.log(1).values()).containsExactly("c");
  }
}
