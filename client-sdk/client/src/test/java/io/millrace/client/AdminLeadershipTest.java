package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.errors.UnsupportedFeatureException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.DescribeTopicsResponse;
import io.millrace.wire.v1.DrainBrokerResponse;
import io.millrace.wire.v1.DrainLeftover;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ElectLeadersResponse;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.Severity;
import io.millrace.wire.v1.TopicInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Explaining, electing and draining. */
class AdminLeadershipTest {
  private static final TopicPartition NOTES_0 = new TopicPartition("notes", 0);

  private final SimulatedWorld world = new SimulatedWorld(11, 3);
  private final SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private void script(Request.ApiCase api, FakeBroker.Script script) {
    for (int id = 1; id <= 3; id++) {
      world.broker(id).script(Scripts.on(api, script));
    }
  }

  private static FakeBroker.Script answer(Response.Builder response) {
    return request -> {
      request.answer(response.clone(), List.of());
      return true;
    };
  }

  private <T> void assertFails(
      CompletableFuture<T> future, Class<? extends MillraceException> type) {
    assertThat(admin.ended(future))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(type);
  }

  private List<Integer> whoWasAsked(Request.ApiCase api) {
    return List.of(1, 2, 3).stream().filter(id -> !world.broker(id).seen(api).isEmpty()).toList();
  }

  /** Partition 0 of notes: replicas 3 and 2, led by 3. */
  private void describe(TopicInfo.Builder topic) {
    script(
        Request.ApiCase.DESCRIBE_TOPICS,
        answer(
            Response.newBuilder()
                .setDescribeTopics(DescribeTopicsResponse.newBuilder().addTopics(topic))));
  }

  private static TopicInfo.Builder notes() {
    return TopicInfo.newBuilder()
        .setName("notes")
        .setTopicId("notes~1")
        .setReplicationFactor(2)
        .addPartitions(
            PartitionInfo.newBuilder()
                .setPartition(0)
                .setLeader(3)
                .setLeaderEpoch(4)
                .addReplicas(3)
                .addReplicas(2)
                .addInSync(3)
                .addEligible(2)
                .setLastChange("broker 3: broker 2 lags")
                .setPossibleLoss("epoch 3"));
  }

  private static FakeBroker.Script explains(String reason) {
    return answer(
        Response.newBuilder()
            .setExplain(
                ExplainResponse.newBuilder()
                    .addFindings(
                        Finding.newBuilder()
                            .setReason(reason)
                            .setSeverity(Severity.BROKEN)
                            .setText("text")
                            .setAdvice("advice")
                            .setSinceMs(17))));
  }

  // ---- Explaining ------------------------------------------------------------------------------

  @Test
  void theLeaderExplainsItsPartition() throws Exception {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, explains("below-minimum"));
    Explanation found = admin.ended(admin.client().explainPartition(NOTES_0)).get();
    assertThat(found)
        .isEqualTo(
            new Explanation(
                3,
                List.of(
                    new io.millrace.client.Finding(
                        "below-minimum",
                        io.millrace.client.Finding.Severity.BROKEN,
                        "text",
                        "advice",
                        OptionalLong.of(17)))));
    assertThat(found.isFine()).isFalse();
    assertThat(whoWasAsked(Request.ApiCase.EXPLAIN)).containsExactly(3);
  }

  @Test
  void theOtherReplicaExplainsWhenTheLeaderIsSilent() throws Exception {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, explains("leader-suspected"));
    world.broker(3).script(Scripts.on(Request.ApiCase.EXPLAIN, Scripts.silent()));
    assertThat(admin.ended(admin.client().explainPartition(NOTES_0)).get().brokerId()).isEqualTo(2);
  }

  @Test
  void theOtherReplicaExplainsWhenTheLeaderIsDead() throws Exception {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, explains("no-leader"));
    world.killBroker(3);
    assertThat(admin.ended(admin.client().explainPartition(NOTES_0)).get().brokerId()).isEqualTo(2);
  }

  @Test
  void anyBrokerExplainsWhenNoReplicaCan() throws Exception {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, explains("no-leader"));
    world.broker(3).script(Scripts.on(Request.ApiCase.EXPLAIN, Scripts.silent()));
    world.broker(2).script(Scripts.on(Request.ApiCase.EXPLAIN, Scripts.refuse(ErrorCode.INTERNAL)));
    assertThat(admin.ended(admin.client().explainPartition(NOTES_0)).get().brokerId()).isEqualTo(1);
  }

  @Test
  void tellsWhyNobodyExplains() {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, Scripts.refuse(ErrorCode.UNSUPPORTED));
    assertFails(admin.client().explainPartition(NOTES_0), UnsupportedFeatureException.class);
    script(
        Request.ApiCase.EXPLAIN,
        answer(Response.newBuilder().setExplain(ExplainResponse.getDefaultInstance())));
    assertFails(admin.client().explainPartition(NOTES_0), ProtocolException.class);
    script(Request.ApiCase.EXPLAIN, Scripts.silent());
    assertFails(admin.client().explainPartition(NOTES_0), TimedOutException.class);
  }

  @Test
  void aTopicOrPartitionThatIsNotThereIsNotAskedForOneByOne() {
    describe(
        TopicInfo.newBuilder()
            .setName("notes")
            .setError(Error.newBuilder().setCode(ErrorCode.UNKNOWN_TOPIC)));
    assertFails(admin.client().explainPartition(NOTES_0), UnknownTopicException.class);
    describe(notes());
    script(Request.ApiCase.EXPLAIN, Scripts.refuse(ErrorCode.UNKNOWN_PARTITION));
    assertFails(
        admin.client().explainPartition(new TopicPartition("notes", 9)),
        UnknownPartitionException.class);
    assertThat(whoWasAsked(Request.ApiCase.EXPLAIN)).hasSize(1);
  }

  @Test
  void closingEndsAnExplanationUnderWay() {
    describe(notes());
    script(Request.ApiCase.EXPLAIN, Scripts.silent());
    CompletableFuture<Explanation> future = admin.client().explainPartition(NOTES_0);
    world.await("a broker to be asked", () -> !whoWasAsked(Request.ApiCase.EXPLAIN).isEmpty());
    world.clientTransport().loops().get(0).execute(() -> admin.client().close(Duration.ZERO));
    assertFails(future, ClosedException.class);
  }

  @Test
  void aBrokerExplainsItself() throws Exception {
    script(Request.ApiCase.EXPLAIN, explains("disk-full"));
    assertThat(admin.ended(admin.client().explainBroker(2)).get().brokerId()).isEqualTo(2);
    assertThat(whoWasAsked(Request.ApiCase.EXPLAIN)).containsExactly(2);
    assertFails(admin.client().explainBroker(7), BrokerUnavailableException.class);
  }

  @Test
  void describesWhatIsKnownOfAPartitionsHistory() throws Exception {
    describe(notes());
    Map<String, TopicDescription> described =
        admin.ended(admin.client().describeTopics(List.of("notes"))).get();
    io.millrace.client.PartitionInfo partition =
        described.values().iterator().next().partitions().get(0);
    assertThat(partition.eligible()).containsExactly(2);
    assertThat(partition.lastChange()).isEqualTo("broker 3: broker 2 lags");
    assertThat(partition.possibleLoss()).isEqualTo("epoch 3");
  }

  // ---- Electing --------------------------------------------------------------------------------

  @Test
  void partitionsOfAnElectionEndOneByOne() throws Exception {
    script(
        Request.ApiCase.ELECT_LEADERS,
        answer(
            Response.newBuilder()
                .setElectLeaders(
                    ElectLeadersResponse.newBuilder()
                        .addResults(
                            ElectLeaderResult.newBuilder()
                                .setPartition(0)
                                .setLeader(2)
                                .setLeaderEpoch(5)
                                .setWhat("handed over"))
                        .addResults(
                            ElectLeaderResult.newBuilder()
                                .setPartition(1)
                                .setError(
                                    Error.newBuilder()
                                        .setCode(ErrorCode.OUTCOME_UNKNOWN)
                                        .setMessage("ZooKeeper did not answer")))
                        .addResults(ElectLeaderResult.newBuilder().setPartition(-1)))));
    Map<TopicPartition, ElectionResult> results =
        admin
            .ended(admin.client().electLeaders("notes", List.of(0, 1, 0), ElectionKind.UNCLEAN))
            .get();
    assertThat(results).hasSize(2);
    assertThat(results.get(NOTES_0))
        .isEqualTo(new ElectionResult.Settled(OptionalInt.of(2), 5, "handed over"));
    assertThat(results.get(new TopicPartition("notes", 1)))
        .isInstanceOfSatisfying(
            ElectionResult.Failed.class,
            failed -> assertThat(failed.error()).isInstanceOf(OutcomeUnknownException.class));
    int asked = whoWasAsked(Request.ApiCase.ELECT_LEADERS).get(0);
    ElectLeadersRequest request =
        world.broker(asked).seen(Request.ApiCase.ELECT_LEADERS).get(0).getElectLeaders();
    assertThat(request.getTopic()).isEqualTo("notes");
    assertThat(request.getPartitionsList()).containsExactly(0, 1);
    assertThat(request.getKind()).isEqualTo(io.millrace.wire.v1.ElectionKind.UNCLEAN);
  }

  @Test
  void anElectionThatIsRefusedAsAWholeSaysWhy() {
    script(Request.ApiCase.ELECT_LEADERS, Scripts.refuse(ErrorCode.UNKNOWN_TOPIC));
    assertFails(
        admin.client().electLeaders("none", List.of(), ElectionKind.PREFERRED),
        UnknownTopicException.class);
    script(Request.ApiCase.ELECT_LEADERS, Scripts.refuse(ErrorCode.INVALID_REQUEST));
    assertFails(
        admin.client().electLeaders("notes", List.of(), ElectionKind.PREFERRED),
        InvalidRequestException.class);
  }

  // ---- Draining --------------------------------------------------------------------------------

  @Test
  void theBrokerThatShallDrainIsAskedItself() throws Exception {
    script(
        Request.ApiCase.DRAIN_BROKER,
        answer(
            Response.newBuilder()
                .setDrainBroker(
                    DrainBrokerResponse.newBuilder()
                        .setHandedOver(3)
                        .addLeft(
                            DrainLeftover.newBuilder()
                                .setTopic("notes")
                                .setWhy("nobody else is in sync")))));
    assertThat(admin.ended(admin.client().drainBroker(2)).get())
        .isEqualTo(
            new DrainResult(3, List.of(new DrainResult.Left(NOTES_0, "nobody else is in sync"))));
    assertThat(admin.ended(admin.client().cancelDrain(2))).isCompleted();
    assertThat(whoWasAsked(Request.ApiCase.DRAIN_BROKER)).containsExactly(2);
    assertThat(world.broker(2).seen(Request.ApiCase.DRAIN_BROKER))
        .extracting(request -> request.getDrainBroker().getCancel())
        .containsExactly(false, true);
  }

  @Test
  void aDrainingThatTakesLongIsAskedForAgainAndTimesOut() {
    script(Request.ApiCase.DRAIN_BROKER, Scripts.silent());
    assertFails(admin.client().drainBroker(2), TimedOutException.class);
    assertThat(world.broker(2).seen(Request.ApiCase.DRAIN_BROKER)).hasSizeGreaterThan(1);
    assertFails(admin.client().drainBroker(9), BrokerUnavailableException.class);
  }
}
