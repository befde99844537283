package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A producer connects to whoever may lead next, but not to a whole large cluster. */
class ConnectedAheadTest {
  private static final int BROKERS = 40;

  private final SimulatedWorld world = new SimulatedWorld(3, BROKERS);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  /** Broker 1 leads all its partitions, each with copies at two others. */
  private SimulatedProducer producer() {
    world.cluster().createTopic("notes", 20);
    for (int i = 0; i < 20; i++) {
      world.cluster().setInSync("notes", i, List.of(1, 2 + i % 8, 20 + i));
      world.cluster().lead("notes", i, 1, true);
    }
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    producer.send("notes", 0, "first");
    producer.awaitAll();
    for (int i = 0; i < 4; i++) {
      world.runFor(Duration.ofSeconds(6));
      producer.send("notes", i, "more");
      producer.awaitAll();
    }
    return producer;
  }

  private List<Integer> greeted() {
    return IntStream.rangeClosed(2, BROKERS)
        .filter(id -> world.broker(id).greetings() > 0)
        .boxed()
        .toList();
  }

  @Test
  void connectsToThoseFirstThatComeNextAndToSoManyInAll() {
    SimulatedProducer producer = producer();
    // Whoever was asked for the producer's id may be one more.
    assertThat(greeted()).contains(2, 3, 4, 5, 6, 7, 8, 9).hasSizeBetween(16, 17);
    assertThat(producer.ended()).allMatch(each -> each.error() == null);
  }

  @Test
  void doesNotCountThoseThatAreUsed() {
    SimulatedProducer producer = producer();
    int before = greeted().size();
    for (int i = 0; i < 8; i++) {
      world.cluster().lead("notes", i, 2 + i, true);
      producer.send("notes", i, "to its new leader");
    }
    producer.awaitAll();
    world.runFor(Duration.ofSeconds(6));
    producer.send("notes", 10, "to the old one");
    producer.awaitAll();
    world.runFor(Duration.ofSeconds(1));
    assertThat(greeted().size() - before).as("eight more").isBetween(7, 8);
  }

  @Test
  void isNotHeldBackByThatWhenALeaderIsLost() {
    SimulatedProducer producer = producer();
    world.killBroker(1);
    producer.send("notes", 19, "second");
    world.runFor(Duration.ofMillis(100));
    assertThat(world.broker(39).greetings()).as("may lead notes/19 next").isPositive();
    world.cluster().lead("notes", 19, 39, true);
    producer.awaitAll();
  }
}
