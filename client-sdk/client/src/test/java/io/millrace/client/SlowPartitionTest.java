package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What records of one partition that wait, or fail, are to those of others with the same leader.
 */
class SlowPartitionTest {
  private final SimulatedWorld world = new SimulatedWorld(7, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedProducer producer(ProducerSettings.Builder settings) {
    world.cluster().createTopic("notes", 5); // broker 1 leads 0, 2 and 4
    SimulatedProducer producer = new SimulatedProducer(world, settings);
    producer.learn("notes");
    return producer;
  }

  @Test
  void doesNotHoldOtherPartitionsBackForASlowOneWhenThereIsMuchToSend() {
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "slow");
    world.await("one request", () -> hold.held.size() == 1);
    for (int i = 0; i < 10; i++) {
      producer.send("notes", 2, "x".repeat(10_000));
    }
    world.await("a second request beside the first", () -> hold.held.size() == 2);
    hold.letGo(world.broker(1));
    producer.awaitAll();
  }

  @Test
  void aSlowAnswerHoldsUpNobodyWhoHasNothingUnderWay() {
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "slow");
    world.await("one request", () -> hold.held.size() == 1);
    producer.send("notes", 2, "small");
    producer.send("notes", 0, "behind the slow one");
    world.runFor(Duration.ofMillis(30));
    assertThat(hold.held).hasSize(2);
    assertThat(hold.held.get(1).head().getProduce().getPartitionsList())
        .extracting(ProducePartition::getPartition)
        .containsExactly(2);
    hold.letGo(world.broker(1));
    producer.awaitAll();
  }

  @Test
  void whatASlowPartitionTookWithItIsToldInAPartAndHoldsUpNobody() {
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    FakeBroker broker = world.broker(1);
    List<Runnable> late = new ArrayList<>();
    broker.script(Scripts.times(1, Scripts.inParts(broker, 2, UnaryOperator.identity(), late)));
    producer.send("notes", 0, "healthy");
    producer.send("notes", 2, "waits for a replica that is ill");
    producer.send("notes", 4, "healthy, too");
    world.await("a part", () -> producer.ended().size() == 2);
    assertThat(producer.endedValues()).containsExactlyInAnyOrder("healthy", "healthy, too");
    producer.send("notes", 0, "behind the first");
    world.runFor(Duration.ofMillis(30));
    assertThat(producer.endedValues()).hasSize(3).contains("behind the first");
    late.forEach(Runnable::run);
    producer.awaitAll();
    assertThat(broker.seen(Request.ApiCase.PRODUCE)).as("nothing was sent again").hasSize(2);
    for (int i = 0; i < 4; i++) {
      assertThat(producer.metadata(i).hasOffset()).isTrue();
    }
  }

  static List<UnaryOperator<ProduceResponse.Builder>> lies() {
    return List.of(
        ProduceResponse.Builder::clearResults,
        part -> part.addResults(part.getResultsBuilder(0).clone()),
        part -> part.addResults(part.getResultsBuilder(0).clone().setPartition(2)), // all of them
        part -> part.setResults(0, part.getResultsBuilder(0).clone().setPartition(4)),
        part -> part.setResults(0, part.getResultsBuilder(0).clone().setTopicId("another")));
  }

  @ParameterizedTest
  @MethodSource("lies")
  @DisplayName("B96: a part that makes no sense leaves open what it was about, and is sent again")
  void b96_aPartThatMakesNoSense(UnaryOperator<ProduceResponse.Builder> lie) {
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    FakeBroker broker = world.broker(1);
    broker.script(Scripts.times(1, Scripts.inParts(broker, 2, lie, new ArrayList<>())));
    producer.send("notes", 0, "a");
    producer.send("notes", 2, "b");
    world.runFor(Duration.ofSeconds(1)); // long before the request times out
    assertThat(producer.ended()).hasSize(2);
    assertThat(broker.greetings()).as("the first connection was closed").isGreaterThan(1);
    assertThat(producer.metadata(0).offset()).isZero();
    assertThat(producer.metadata(1).offset()).isZero();
    assertThat(world.cluster().topic("notes").log(0).batches()).as("once").isOne();
  }

  @Test
  @DisplayName("whoever has failed goes by itself: its next try takes nobody along")
  void aPartitionThatFailsAgainAndAgainTakesNobodyAlong() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().requestTimeout(Duration.ofSeconds(1)));
    FakeBroker.Script stuck = Scripts.late(world.broker(1), 0);
    world.broker(1).script(stuck);
    producer.send("notes", 0, "stuck");
    world.await("a request", () -> tries(0) == 1);
    for (int i = 0; i < 1_500; i++) {
      for (int j = 0; j < 20; j++) { // so many that some are ready whenever the stuck one is
        producer.send("notes", 2, "" + i);
        world.runFor(Duration.ofNanos(50_000));
      }
      assertThat(producer.ended().size()).as("within 60 ms").isGreaterThanOrEqualTo(20 * (i - 60));
    }
    assertThat(tries(0)).as("of the one that is stuck").isGreaterThan(1);
    world.broker(1).unscript(stuck);
    producer.awaitAll();
    assertThat(producer.endedValues()).contains("stuck");
  }

  private long tries(int partition) {
    return world.broker(1).seen(Request.ApiCase.PRODUCE).stream()
        .flatMap(request -> request.getProduce().getPartitionsList().stream())
        .filter(each -> each.getPartition() == partition)
        .count();
  }

  @Test
  @DisplayName("whoever has failed has its turn, however much there is for others")
  void aPartitionThatHasFailedHasItsTurn() {
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    world.broker(1).script(Scripts.times(3, Scripts.refuseEach(ErrorCode.BUSY)));
    producer.send("notes", 0, "refused three times");
    world.await("refusals", () -> tries(0) == 3);
    for (int i = 0; i < 3_000 && !producer.endedValues().contains("refused three times"); i++) {
      producer.send("notes", 2, "x".repeat(40_000));
      producer.send("notes", 2, "" + i);
      world.runFor(Duration.ofMillis(1));
    }
    assertThat(producer.endedValues()).contains("refused three times");
    producer.awaitAll();
  }

  @Test
  @DisplayName("a partition that waits for a sick replica holds no other one up but once")
  void aPartitionThatIsStuckHoldsNoOtherOneUp() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().requestTimeout(Duration.ofSeconds(1)));
    FakeBroker.Script stuck = Scripts.late(world.broker(1), 0);
    world.broker(1).script(stuck);
    producer.send("notes", 0, "stuck");
    producer.send("notes", 2, "in the same request");
    world.await("a request", () -> !world.broker(1).seen(Request.ApiCase.PRODUCE).isEmpty());
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE).get(0).getProduce())
        .extracting(ProduceRequest::getPartitionsCount)
        .isEqualTo(2);
    world.runFor(Duration.ofMillis(1_500));
    assertThat(producer.endedValues()).containsExactly("in the same request");
    for (int i = 0; i < 30; i++) {
      producer.send("notes", 2, "later " + i);
      world.runFor(Duration.ofMillis(100));
      assertThat(producer.endedValues()).as("at once").hasSize(2 + i).doesNotContain("stuck");
    }
    world.broker(1).unscript(stuck);
    producer.awaitAll();
    assertThat(producer.endedValues()).contains("stuck");
  }
}
