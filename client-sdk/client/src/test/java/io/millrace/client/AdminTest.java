package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.BrokerFailedException;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotEnoughReplicasException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.TopicExistsException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.CreateTopicResponse;
import io.millrace.wire.v1.DeleteTopicResponse;
import io.millrace.wire.v1.DescribeClusterResponse;
import io.millrace.wire.v1.DescribeTopicsResponse;
import io.millrace.wire.v1.Endpoint;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TopicSummary;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminTest {
  private final SimulatedWorld world = new SimulatedWorld(5, 2);
  private final SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  /** Both brokers do the same. */
  private void script(Request.ApiCase api, FakeBroker.Script script) {
    world.broker(1).script(Scripts.on(api, script));
    world.broker(2).script(Scripts.on(api, script));
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

  private int asked(Request.ApiCase api) {
    return world.broker(1).seen(api).size() + world.broker(2).seen(api).size();
  }

  private static TopicInfo.Builder notes() {
    return TopicInfo.newBuilder()
        .setName("notes")
        .setTopicId("notes~1")
        .setReplicationFactor(1)
        .putSettings("durability", "leader")
        .addPartitions(
            PartitionInfo.newBuilder()
                .setPartition(0)
                .setLeader(2)
                .setLeaderEpoch(3)
                .addReplicas(2)
                .addInSync(2));
  }

  // ---- Topics ----------------------------------------------------------------------------------

  @Test
  void createsATopicAsAskedFor() throws Exception {
    script(
        Request.ApiCase.CREATE_TOPIC,
        answer(
            Response.newBuilder()
                .setCreateTopic(CreateTopicResponse.newBuilder().setTopic(notes()))));
    NewTopic wanted =
        new NewTopic("notes").withPartitions(6).withSettings(Map.of("durability", "leader"));
    TopicDescription created = admin.ended(admin.client().createTopic(wanted)).get();
    assertThat(created.topicId()).isEqualTo("notes~1");
    assertThat(created.partitions())
        .singleElement()
        .satisfies(p -> assertThat(p.leader()).hasValue(2))
        .satisfies(p -> assertThat(p.inSync()).containsExactly(2));
    List<Request> seen = world.broker(1).seen(Request.ApiCase.CREATE_TOPIC);
    CreateTopicRequest request =
        (seen.isEmpty() ? world.broker(2).seen(Request.ApiCase.CREATE_TOPIC) : seen)
            .get(0)
            .getCreateTopic();
    assertThat(request.getPartitions()).isEqualTo(6);
    assertThat(request.hasReplicationFactor()).isFalse();
    assertThat(request.getSettingsMap()).containsEntry("durability", "leader");
    assertThat(request.getValidateOnly()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "TOPIC_EXISTS, TopicExistsException",
    "INVALID_TOPIC_NAME, InvalidRequestException",
    "INVALID_SETTING, InvalidRequestException",
    "NOT_ENOUGH_BROKERS, NotEnoughReplicasException",
    "INTERNAL, OutcomeUnknownException",
    "TIMED_OUT, OutcomeUnknownException"
  })
  void tellsWhyATopicWasNotCreated(ErrorCode code, String type) {
    script(Request.ApiCase.CREATE_TOPIC, Scripts.refuse(code));
    Class<? extends MillraceException> expected =
        switch (type) {
          case "TopicExistsException" -> TopicExistsException.class;
          case "InvalidRequestException" -> InvalidRequestException.class;
          case "NotEnoughReplicasException" -> NotEnoughReplicasException.class;
          default -> OutcomeUnknownException.class;
        };
    assertFails(admin.client().createTopic(new NewTopic("notes", 1, 1)), expected);
    assertThat(asked(Request.ApiCase.CREATE_TOPIC)).isEqualTo(1);
  }

  @Test
  void aChangeIsNotRepeatedWhenItMayHaveHappened() {
    script(
        Request.ApiCase.CREATE_TOPIC,
        request -> {
          world.network().reset("client", "b1");
          world.network().reset("client", "b2");
          return true;
        });
    assertFails(admin.client().createTopic(new NewTopic("notes")), OutcomeUnknownException.class);
    assertThat(asked(Request.ApiCase.CREATE_TOPIC)).isEqualTo(1);
  }

  @Test
  void aChangeIsRepeatedWhenItCertainlyDidNotHappen() throws Exception {
    script(
        Request.ApiCase.DELETE_TOPIC,
        answer(
            Response.newBuilder()
                .setDeleteTopic(DeleteTopicResponse.newBuilder().setTopicId("notes~1"))));
    script(Request.ApiCase.DELETE_TOPIC, Scripts.times(3, Scripts.refuse(ErrorCode.STOPPING)));
    assertThat(admin.ended(admin.client().deleteTopic("notes")).get()).isEqualTo("notes~1");
    assertThat(asked(Request.ApiCase.DELETE_TOPIC)).isEqualTo(4);
  }

  @Test
  void deletingWhatIsNotThereIsTold() {
    script(Request.ApiCase.DELETE_TOPIC, Scripts.refuse(ErrorCode.UNKNOWN_TOPIC));
    assertFails(admin.client().deleteTopic("nowhere"), UnknownTopicException.class);
  }

  @Test
  void describesTopicsInTheOrderAskedFor() throws Exception {
    script(
        Request.ApiCase.DESCRIBE_TOPICS,
        request -> {
          DescribeTopicsResponse.Builder response = DescribeTopicsResponse.newBuilder();
          for (String name : request.head().getDescribeTopics().getNamesList()) {
            response.addTopics(notes().setName(name));
          }
          request.answer(Response.newBuilder().setDescribeTopics(response), List.of());
          return true;
        });
    Map<String, TopicDescription> described =
        admin.ended(admin.client().describeTopics(List.of("z", "a", "m", "a"))).get();
    assertThat(described.keySet()).containsExactly("z", "a", "m");
    assertThat(described.get("a")).extracting(TopicDescription::name).isEqualTo("a");
  }

  @Test
  void describingWhatIsNotThereFails() {
    script(
        Request.ApiCase.DESCRIBE_TOPICS,
        answer(
            Response.newBuilder()
                .setDescribeTopics(
                    DescribeTopicsResponse.newBuilder()
                        .addTopics(
                            TopicInfo.newBuilder()
                                .setName("nowhere")
                                .setError(
                                    Error.newBuilder()
                                        .setCode(ErrorCode.UNKNOWN_TOPIC)
                                        .setMessage("no"))))));
    assertFails(admin.client().describeTopics(List.of("nowhere")), UnknownTopicException.class);
    assertFails(admin.client().describeTopics(List.of("other")), ProtocolException.class);
  }

  @Test
  void listsTopicsByName() throws Exception {
    script(
        Request.ApiCase.LIST_TOPICS,
        answer(
            Response.newBuilder()
                .setListTopics(
                    ListTopicsResponse.newBuilder()
                        .addTopics(TopicSummary.newBuilder().setName("b").setPartitions(2))
                        .addTopics(TopicSummary.newBuilder().setName("a").setPartitions(1)))));
    assertThat(admin.ended(admin.client().listTopics()).get())
        .extracting(TopicListing::name)
        .containsExactly("a", "b");
  }

  @Test
  void describesTheCluster() throws Exception {
    script(
        Request.ApiCase.DESCRIBE_CLUSTER,
        answer(
            Response.newBuilder()
                .setDescribeCluster(
                    DescribeClusterResponse.newBuilder()
                        .setClusterId("c")
                        .setTopics(3)
                        .putLeaders(1, 7)
                        .addBrokers(
                            BrokerInfo.newBuilder()
                                .setId(1)
                                .setIncarnation(4)
                                .addEndpoints(
                                    Endpoint.newBuilder()
                                        .setListener("internal")
                                        .setHost("i")
                                        .setPort(1))
                                .addEndpoints(
                                    Endpoint.newBuilder()
                                        .setListener("client")
                                        .setHost("h")
                                        .setPort(2))))));
    ClusterDescription described = admin.ended(admin.client().describeCluster()).get();
    assertThat(described.brokers())
        .singleElement()
        .satisfies(broker -> assertThat(broker.host()).isEqualTo("h"))
        .satisfies(broker -> assertThat(broker.incarnation()).isEqualTo(4));
    assertThat(described.leaders()).isEqualTo(Map.of(1, 7));
  }

  // ---- Asking around ---------------------------------------------------------------------------

  @Test
  void questionsGoToAnotherBrokerWhenOneIsDead() throws Exception {
    world.killBroker(1);
    script(
        Request.ApiCase.LIST_TOPICS,
        answer(Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance())));
    assertThat(admin.ended(admin.client().listTopics()).get()).isEmpty();
  }

  @Test
  void questionsAreRepeatedWhenTheAnswerIsLost() throws Exception {
    script(
        Request.ApiCase.LIST_TOPICS,
        answer(Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance())));
    script(
        Request.ApiCase.LIST_TOPICS,
        Scripts.times(
            2,
            request -> {
              world.network().reset("client", "b1");
              world.network().reset("client", "b2");
              return true;
            }));
    assertThat(admin.ended(admin.client().listTopics()).get()).isEmpty();
  }

  @Test
  void aFaultOfTheBrokersIsNotAskedForOverAndOver() {
    script(Request.ApiCase.LIST_TOPICS, Scripts.refuse(ErrorCode.INTERNAL));
    assertFails(admin.client().listTopics(), BrokerFailedException.class);
    assertThat(asked(Request.ApiCase.LIST_TOPICS)).isEqualTo(1);
  }

  @Test
  void unansweredCallsEndAtTheirTimeOut() {
    script(Request.ApiCase.LIST_TOPICS, Scripts.silent());
    script(Request.ApiCase.DELETE_TOPIC, Scripts.silent());
    long start = world.scheduler().nanoTime();
    CompletableFuture<List<TopicListing>> question = admin.client().listTopics();
    assertFails(admin.client().deleteTopic("notes"), OutcomeUnknownException.class);
    assertFails(question, TimedOutException.class);
    assertThat(world.scheduler().nanoTime() - start).isLessThan(Duration.ofSeconds(61).toNanos());
  }

  @Test
  void whatABrokerSaidUntilTheTimeWasUpIsTheCause() {
    script(
        Request.ApiCase.LIST_TOPICS,
        request -> {
          request.refuse(ErrorCode.UNAVAILABLE, "not yet");
          return true;
        });
    CompletableFuture<List<TopicListing>> call = admin.client().listTopics();
    assertThat(admin.ended(call))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOf(TimedOutException.class)
        .withMessageContaining("not yet")
        .havingCause()
        .isInstanceOf(BrokerUnavailableException.class);
  }

  @Test
  void withoutBrokersTheClusterIsUnreachable() {
    world.killBroker(1);
    world.killBroker(2);
    assertFails(admin.client().listTopics(), ClusterUnreachableException.class);
  }

  // ---- Offsets ---------------------------------------------------------------------------------

  @Test
  void asksEachLeaderForOffsets() throws Exception {
    world.cluster().createTopic("notes", 4);
    for (int i = 0; i < 4; i++) {
      world.cluster().topic("notes").log(i).append(Batches.of("a", "b"), 1, 0);
    }
    world.cluster().topic("notes").log(1).trim(1);
    Map<TopicPartition, OffsetSpec> asked = new LinkedHashMap<>();
    asked.put(new TopicPartition("notes", 3), OffsetSpec.latest());
    asked.put(new TopicPartition("notes", 1), OffsetSpec.earliest());
    asked.put(new TopicPartition("notes", 0), OffsetSpec.forTimestamp(1));
    asked.put(new TopicPartition("notes", 2), OffsetSpec.forTimestamp(Long.MAX_VALUE));
    Map<TopicPartition, ListedOffset> found = admin.ended(admin.client().listOffsets(asked)).get();
    assertThat(found.keySet()).containsExactlyElementsOf(asked.keySet());
    assertThat(found.values())
        .extracting(ListedOffset::offset)
        .containsExactly(
            OptionalLong.of(2), OptionalLong.of(1), OptionalLong.of(0), OptionalLong.empty());
    assertThat(found.get(new TopicPartition("notes", 0)))
        .extracting(ListedOffset::timestamp)
        .isEqualTo(OptionalLong.of(1_800_000_000_000L));
    assertThat(asked(Request.ApiCase.LIST_OFFSETS)).isEqualTo(2);
  }

  @Test
  void offsetsOfWhatIsNotThereFail() {
    world.cluster().createTopic("notes", 1);
    assertFails(
        admin.client().listOffsets(Map.of(new TopicPartition("nowhere", 0), OffsetSpec.latest())),
        UnknownTopicException.class);
    assertFails(
        admin.client().listOffsets(Map.of(new TopicPartition("notes", 1), OffsetSpec.latest())),
        UnknownPartitionException.class);
    assertThat(admin.ended(admin.client().listOffsets(Map.of()))).isCompletedWithValue(Map.of());
  }

  // ---- Closing ---------------------------------------------------------------------------------

  @Test
  void closingEndsWhatIsUnderWayTruthfully() {
    script(Request.ApiCase.LIST_TOPICS, Scripts.silent());
    script(Request.ApiCase.DELETE_TOPIC, Scripts.silent());
    CompletableFuture<List<TopicListing>> question = admin.client().listTopics();
    CompletableFuture<String> change = admin.client().deleteTopic("notes");
    world.runFor(Duration.ofMillis(10));
    // On the loop close does not wait, as there is only one thread here.
    world
        .clientTransport()
        .loops()
        .get(0)
        .execute(() -> admin.client().close(Duration.ofMillis(500)));
    world.runFor(Duration.ofMillis(400));
    assertThat(question).isNotDone();
    assertFails(question, ClosedException.class);
    assertFails(change, OutcomeUnknownException.class);
    assertFails(admin.client().listTopics(), ClosedException.class);
  }
}
