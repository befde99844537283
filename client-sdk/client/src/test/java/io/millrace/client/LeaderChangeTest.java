package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A producer loses no time of its own when leaders change. */
class LeaderChangeTest {
  private final LedNotes notes = new LedNotes();
  private final SimulatedWorld world = notes.world();

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {"NOT_LEADER", "UNKNOWN_EPOCH", "FENCED_EPOCH"})
  void asksANewLeaderThatIsNotReadyYetAgainWithinMilliseconds(ErrorCode code) {
    SimulatedProducer producer = notes.producer();
    world
        .broker(1)
        .script(Scripts.on(Request.ApiCase.PRODUCE, Scripts.times(3, Scripts.refuseEach(code))));
    long before = notes.millis();
    producer.send("notes", 0, "second");
    producer.awaitAll();
    // 3, 6 and 12 ms; with pauses as after any failure it would be 175 ms at least.
    assertThat(notes.millis() - before).isBetween(15L, 50L);
  }

  @Test
  void pausesAsAfterAnyFailureWhenThatGoesOn() {
    SimulatedProducer producer = notes.producer();
    world
        .broker(1)
        .script(
            Scripts.on(
                Request.ApiCase.PRODUCE,
                Scripts.times(1_000, Scripts.refuseEach(ErrorCode.NOT_LEADER))));
    producer.send("notes", 0, "second");
    int before = world.broker(1).seen(Request.ApiCase.PRODUCE).size();
    world.runFor(Duration.ofSeconds(10));
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE).size() - before).isLessThan(35);
  }

  @Test
  void isConnectedToWhoComesNextBeforeItIsKnownWhoThatIs() {
    SimulatedProducer producer = notes.producer();
    world.killBroker(1);
    producer.send("notes", 0, "second");
    world.runFor(Duration.ofMillis(100));
    assertThat(world.broker(2).greetings()).isOne();
    assertThat(world.broker(3).greetings()).as("has no copy").isZero();
    world.cluster().lead("notes", 0, 2, true);
    producer.awaitAll();
    assertThat(world.broker(2).greetings()).as("the same connection").isOne();
  }

  @Test
  void isConnectedToWhoComesNextOnceTheLeaderSaysThatItLeadsNoMore() {
    SimulatedProducer producer = notes.producer();
    world
        .broker(1)
        .script(
            Scripts.on(
                Request.ApiCase.PRODUCE,
                Scripts.times(1, Scripts.refuseEach(ErrorCode.NOT_LEADER))));
    producer.send("notes", 0, "second");
    producer.awaitAll();
    assertThat(world.broker(2).greetings()).isOne();
  }
}
