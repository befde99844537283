package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.LeaderHint;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A producer that is told by the former leader who leads now, before its discovery knows. */
class ToldLeaderTest {
  private final LedNotes notes = new LedNotes();
  private final SimulatedWorld world = notes.world();

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  /** That broker says so of another. */
  private void tells(int broker, int leader, int epoch) {
    tells(ErrorCode.NOT_LEADER, broker, leader, epoch);
  }

  private void tells(ErrorCode code, int broker, int leader, int epoch) {
    world
        .broker(broker)
        .script(
            request -> {
              if (request.head().getApiCase() != Request.ApiCase.PRODUCE) {
                return false;
              }
              Error error =
                  Error.newBuilder()
                      .setCode(code)
                      .setMessage("broker " + leader + " leads")
                      .setLeader(LeaderHint.newBuilder().setBrokerId(leader).setLeaderEpoch(epoch))
                      .build();
              ProduceResponse.Builder refused = ProduceResponse.newBuilder();
              for (ProducePartition each : request.head().getProduce().getPartitionsList()) {
                refused.addResults(
                    ProduceResult.newBuilder()
                        .setTopicId(each.getTopicId())
                        .setPartition(each.getPartition())
                        .setError(error));
              }
              request.answer(Response.newBuilder().setProduce(refused), List.of());
              return true;
            });
  }

  @Test
  void isConnectedToWhoMayLeadNextFromItsFirstAcknowledgementOn() {
    notes.producer();
    assertThat(world.broker(2).greetings()).isOne();
    assertThat(world.broker(3).greetings()).as("has no copy").isZero();
  }

  @Test
  void goesWhereItIsToldWithoutAPauseAndWithoutNews() {
    SimulatedProducer producer = notes.producer();
    world.cluster().lead("notes", 0, 2, false);
    tells(1, 2, 2);
    long before = notes.millis();
    producer.send("notes", 0, "second");
    producer.awaitAll();
    assertThat(notes.millis() - before).isLessThanOrEqualTo(3);
    assertThat(world.broker(2).seen(Request.ApiCase.PRODUCE)).hasSize(1);
  }

  @Test
  @DisplayName("H15: what a leader had appended when it handed over goes to the next at once")
  void repeatsTheUnknownWhereItIsToldWithoutAPause() {
    SimulatedProducer producer = notes.producer();
    world.cluster().lead("notes", 0, 2, false);
    tells(ErrorCode.OUTCOME_UNKNOWN, 1, 2, 2);
    long before = notes.millis();
    producer.send("notes", 0, "second");
    producer.awaitAll();
    assertThat(notes.millis() - before).isLessThanOrEqualTo(3);
    assertThat(world.broker(2).seen(Request.ApiCase.PRODUCE)).hasSize(1);
  }

  @Test
  void isNotLedAstrayForLong() {
    SimulatedProducer producer = notes.producer();
    world.cluster().lead("notes", 0, 2, true);
    world.runFor(Duration.ofSeconds(1));
    world.cluster().lead("notes", 0, 1, false);
    tells(2, 3, 1_000_000);
    tells(3, 2, 1_000_000);
    producer.send("notes", 0, "second");
    world.runFor(Duration.ofSeconds(2));
    assertThat(world.broker(3).seen(Request.ApiCase.PRODUCE).size()).isLessThan(40);
    world.cluster().lead("notes", 0, 1, true);
    producer.awaitAll();
  }

  @Test
  void aHintToABrokerThatIsNotKnownIsPassedOver() {
    SimulatedProducer producer = notes.producer();
    tells(1, 77, 9);
    producer.send("notes", 0, "second");
    world.runFor(Duration.ofMillis(200));
    world.cluster().lead("notes", 0, 2, true);
    producer.awaitAll();
  }

  @Test
  void asksWhoWillLeadMostProbablyAsSoonAsTheLeaderIsGone() {
    SimulatedProducer producer = notes.producer();
    world.killBroker(1);
    producer.send("notes", 0, "second");
    world.runFor(Duration.ofMillis(20));
    assertThat(world.broker(2).seen(Request.ApiCase.PRODUCE))
        .extracting(seen -> seen.getProduce().getPartitions(0).getLeaderEpoch())
        .containsExactly(2);
    world.cluster().lead("notes", 0, 2, true);
    producer.awaitAll();
  }
}
