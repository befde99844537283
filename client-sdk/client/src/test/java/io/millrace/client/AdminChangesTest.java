package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.AlterTopicResponse;
import io.millrace.wire.v1.DescribeSettingsRequest;
import io.millrace.wire.v1.DescribeSettingsResponse;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingSource;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TrimPartition;
import io.millrace.wire.v1.TrimResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Altering topics, trimming partitions, and what settings hold. */
class AdminChangesTest {
  private static final TopicPartition NOTES_0 = new TopicPartition("notes", 0);
  private static final TopicPartition NOTES_1 = new TopicPartition("notes", 1);

  private final SimulatedWorld world = new SimulatedWorld(7, 2);
  private final SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private void script(Request.ApiCase api, FakeBroker.Script script) {
    world.broker(1).script(Scripts.on(api, script));
    world.broker(2).script(Scripts.on(api, script));
  }

  private List<Request> asked(Request.ApiCase api) {
    List<Request> one = world.broker(1).seen(api);
    List<Request> two = world.broker(2).seen(api);
    return one.isEmpty() ? two : one;
  }

  private <T> void assertFails(
      CompletableFuture<T> future, Class<? extends MillraceException> type) {
    assertThat(admin.ended(future))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(type);
  }

  private static FakeBroker.Script answer(Response.Builder response) {
    return request -> {
      request.answer(response.clone(), List.of());
      return true;
    };
  }

  private FakeBroker.Script resetConnections() {
    return request -> {
      world.network().reset("client", "b1");
      world.network().reset("client", "b2");
      return true;
    };
  }

  // ---- Alter -----------------------------------------------------------------------------------

  @Test
  void altersATopicAsAskedFor() throws Exception {
    script(
        Request.ApiCase.ALTER_TOPIC,
        answer(
            Response.newBuilder()
                .setAlterTopic(
                    AlterTopicResponse.newBuilder()
                        .setTopic(TopicInfo.newBuilder().setName("notes").setTopicId("notes~1")))));
    TopicChange change =
        TopicChange.of("notes")
            .set("retention.ms", "1000")
            .set("segment.bytes", "2000")
            .unset("durability")
            .withPartitions(6)
            .onlyIf("notes~1")
            .validatedOnly();
    assertThat(admin.ended(admin.client().alterTopic(change)).get().topicId()).isEqualTo("notes~1");
    AlterTopicRequest seen = asked(Request.ApiCase.ALTER_TOPIC).get(0).getAlterTopic();
    assertThat(seen.getSetMap()).isEqualTo(Map.of("retention.ms", "1000", "segment.bytes", "2000"));
    assertThat(seen.getUnsetList()).containsExactly("durability");
    assertThat(seen.getPartitions()).isEqualTo(6);
    assertThat(seen.getTopicId()).isEqualTo("notes~1");
    assertThat(seen.getValidateOnly()).isTrue();
    assertThat(seen.hasReplicationFactor()).isFalse();
  }

  @Test
  void asksForMoreReplicas() throws Exception {
    script(
        Request.ApiCase.ALTER_TOPIC,
        answer(
            Response.newBuilder()
                .setAlterTopic(
                    AlterTopicResponse.newBuilder()
                        .setTopic(TopicInfo.newBuilder().setName("notes").setTopicId("notes~1")))));
    TopicChange change = TopicChange.of("notes").withReplicas(3).onlyIf("notes~1");
    assertThat(admin.ended(admin.client().alterTopic(change)).get().topicId()).isEqualTo("notes~1");
    AlterTopicRequest seen = asked(Request.ApiCase.ALTER_TOPIC).get(0).getAlterTopic();
    assertThat(seen.getReplicationFactor()).isEqualTo(3);
    assertThat(seen.hasPartitions()).isFalse();
    assertThat(seen.getTopicId()).isEqualTo("notes~1");
  }

  @Test
  void anAlterationWhoseAnswerIsLostIsUnknownAndNotRepeated() {
    script(Request.ApiCase.ALTER_TOPIC, resetConnections());
    assertFails(
        admin.client().alterTopic(TopicChange.of("notes").withPartitions(3)),
        OutcomeUnknownException.class);
    assertThat(asked(Request.ApiCase.ALTER_TOPIC)).hasSize(1);
  }

  @Test
  void refusalsOfAnAlterationAreTold() {
    script(Request.ApiCase.ALTER_TOPIC, Scripts.refuse(ErrorCode.INVALID_SETTING));
    assertFails(
        admin.client().alterTopic(TopicChange.of("notes").set("retention", "-2")),
        InvalidRequestException.class);
  }

  @Test
  void aSettingIsNotBothSetAndUnset() {
    assertThatThrownBy(() -> TopicChange.of("notes").set("a", "1").unset("a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"a\"");
  }

  // ---- Settings --------------------------------------------------------------------------------

  private static SettingsDescription.Builder described(String topic) {
    return SettingsDescription.newBuilder()
        .setTopic(topic)
        .addSettings(
            SettingInfo.newBuilder()
                .setKey("retention.ms")
                .setValue("5")
                .setDefaultValue("7")
                .setSource(SettingSource.FROM_TOPIC)
                .setAllowed("ms")
                .setDocumentation("how long")
                .setDynamic(true))
        .addSettings(SettingInfo.newBuilder().setKey("new").setSourceValue(77));
  }

  @Test
  void describesTheSettingsOfTopicsInTheOrderAskedFor() throws Exception {
    script(
        Request.ApiCase.DESCRIBE_SETTINGS,
        answer(
            Response.newBuilder()
                .setDescribeSettings(
                    DescribeSettingsResponse.newBuilder()
                        .addDescribed(described("a"))
                        .addDescribed(described("b")))));
    Map<String, List<SettingDescription>> found =
        admin.ended(admin.client().describeTopicSettings(List.of("b", "a"))).get();
    assertThat(found.keySet()).containsExactly("b", "a");
    assertThat(found.get("a"))
        .containsExactly(
            new SettingDescription(
                "retention.ms", "5", "7", SettingDescription.Source.TOPIC, "ms", "how long", true),
            new SettingDescription("new", "", "", SettingDescription.Source.OTHER, "", "", false));
    assertFails(admin.client().describeTopicSettings(List.of("c")), ProtocolException.class);
  }

  @Test
  void settingsOfATopicThatIsNotThereFail() {
    script(
        Request.ApiCase.DESCRIBE_SETTINGS,
        answer(
            Response.newBuilder()
                .setDescribeSettings(
                    DescribeSettingsResponse.newBuilder()
                        .addDescribed(
                            SettingsDescription.newBuilder()
                                .setTopic("a")
                                .setError(
                                    Error.newBuilder()
                                        .setCode(ErrorCode.UNKNOWN_TOPIC)
                                        .setMessage("no"))))));
    assertFails(admin.client().describeTopicSettings(List.of("a")), UnknownTopicException.class);
  }

  @Test
  void asksTheBrokerWhoseSettingsAreMeantAndNoOther() throws Exception {
    script(
        Request.ApiCase.DESCRIBE_SETTINGS,
        answer(
            Response.newBuilder()
                .setDescribeSettings(
                    DescribeSettingsResponse.newBuilder().addDescribed(described("")))));
    assertThat(admin.ended(admin.client().describeBrokerSettings(2)).get()).hasSize(2);
    assertThat(world.broker(1).seen(Request.ApiCase.DESCRIBE_SETTINGS)).isEmpty();
    assertThat(world.broker(2).seen(Request.ApiCase.DESCRIBE_SETTINGS))
        .extracting(Request::getDescribeSettings)
        .containsExactly(DescribeSettingsRequest.newBuilder().setBroker(true).build());
  }

  @Test
  void aBrokerThatIsNotAliveIsNotWaitedFor() {
    long start = world.scheduler().nanoTime();
    assertFails(admin.client().describeBrokerSettings(9), BrokerUnavailableException.class);
    assertThat(world.scheduler().nanoTime() - start).isLessThan(Duration.ofSeconds(1).toNanos());
  }

  // ---- Trim ------------------------------------------------------------------------------------

  /** Ten records in each of so many partitions. */
  private void fill(int partitions) {
    world.cluster().createTopic("notes", partitions);
    for (int i = 0; i < partitions; i++) {
      for (int n = 0; n < 10; n++) {
        world.cluster().topic("notes").log(i).append(Batches.of("r" + n), 1, 0);
      }
    }
  }

  private Map<TopicPartition, TrimResult> trim(Map<TopicPartition, TrimSpec> asked)
      throws Exception {
    return admin.ended(admin.client().trim(asked)).get();
  }

  private static Class<?> why(@Nullable TrimResult result) {
    return result instanceof TrimResult.Failed failed ? failed.error().getClass() : Void.class;
  }

  @Test
  void trimsEachPartitionAtItsLeader() throws Exception {
    fill(3);
    Map<TopicPartition, TrimSpec> asked = new LinkedHashMap<>();
    asked.put(new TopicPartition("notes", 2), TrimSpec.before(4));
    asked.put(NOTES_0, TrimSpec.everything());
    asked.put(NOTES_1, TrimSpec.before(0));
    Map<TopicPartition, TrimResult> results = trim(asked);
    assertThat(results.keySet()).containsExactlyElementsOf(asked.keySet());
    assertThat(results.values())
        .extracting(each -> ((TrimResult.Trimmed) each).startOffset())
        .containsExactly(4L, 10L, 0L);
    assertThat(world.cluster().topic("notes").log(0).startOffset()).isEqualTo(10);
    assertThat(world.broker(1).seen(Request.ApiCase.TRIM)).hasSize(1);
    assertThat(world.broker(2).seen(Request.ApiCase.TRIM)).hasSize(1);
  }

  @Test
  void partitionsFailOneByOne() throws Exception {
    fill(1);
    Map<TopicPartition, TrimSpec> asked = new LinkedHashMap<>();
    asked.put(new TopicPartition("nowhere", 0), TrimSpec.everything());
    asked.put(NOTES_0, TrimSpec.before(3));
    asked.put(NOTES_1, TrimSpec.everything());
    asked.put(new TopicPartition("no/name", 0), TrimSpec.everything());
    assertThat(trim(asked).values())
        .extracting(each -> (Object) why(each))
        .containsExactly(
            UnknownTopicException.class,
            Void.class,
            UnknownPartitionException.class,
            InvalidRequestException.class);
  }

  @Test
  void anOffsetBeyondTheEndIsRefused() throws Exception {
    fill(1);
    assertThat(why(trim(Map.of(NOTES_0, TrimSpec.before(11))).get(NOTES_0)))
        .isEqualTo(InvalidRequestException.class);
    assertThat(world.cluster().topic("notes").log(0).startOffset()).isZero();
  }

  @Test
  void followsTheLeaderWhenItMoves() throws Exception {
    fill(1);
    trim(Map.of(NOTES_0, TrimSpec.before(1)));
    world.cluster().lead("notes", 0, 2, false);
    assertThat(trim(Map.of(NOTES_0, TrimSpec.before(5))).get(NOTES_0))
        .isEqualTo(new TrimResult.Trimmed(5, 2));
    assertThat(world.broker(1).seen(Request.ApiCase.TRIM)).hasSizeGreaterThan(1);
  }

  @Test
  void isAskedAgainWhenTheAnswerIsLost() throws Exception {
    fill(1);
    script(Request.ApiCase.TRIM, Scripts.times(2, resetConnections()));
    assertThat(trim(Map.of(NOTES_0, TrimSpec.before(5))).get(NOTES_0))
        .isInstanceOf(TrimResult.Trimmed.class);
  }

  @Test
  void endsAsUnknownWhenItMayHaveHappenedAndAsTimedOutWhenNot() throws Exception {
    fill(2);
    world.broker(1).script(Scripts.on(Request.ApiCase.TRIM, Scripts.silent()));
    world.cluster().lead("notes", 1, -1, true);
    Map<TopicPartition, TrimResult> results =
        trim(Map.of(NOTES_0, TrimSpec.before(5), NOTES_1, TrimSpec.before(5)));
    assertThat(why(results.get(NOTES_0))).isEqualTo(OutcomeUnknownException.class);
    assertThat(why(results.get(NOTES_1))).isEqualTo(TimedOutException.class);
  }

  @Test
  void aFaultOfTheLeaderEndsItAsUnknown() throws Exception {
    fill(1);
    script(Request.ApiCase.TRIM, Scripts.refuse(ErrorCode.INTERNAL));
    assertThat(why(trim(Map.of(NOTES_0, TrimSpec.before(5))).get(NOTES_0)))
        .isEqualTo(OutcomeUnknownException.class);
    assertThat(asked(Request.ApiCase.TRIM)).hasSize(1);
  }

  @Test
  void neverTrimsAnotherTopicThatHasTheNameNow() throws Exception {
    fill(1);
    boolean[] replaced = {false};
    world
        .broker(1)
        .script(
            Scripts.on(
                Request.ApiCase.TRIM,
                request -> {
                  if (!replaced[0]) {
                    replaced[0] = true;
                    world.cluster().deleteTopic("notes");
                    fill(1);
                    world.network().reset("client", "b1");
                    return true;
                  }
                  return false;
                }));
    assertThat(why(trim(Map.of(NOTES_0, TrimSpec.everything())).get(NOTES_0)))
        .isEqualTo(OutcomeUnknownException.class);
    assertThat(world.cluster().topic("notes").log(0).startOffset()).isZero();
  }

  @Test
  void anAnswerForAnotherPartitionIsNotBelieved() throws Exception {
    fill(2);
    script(
        Request.ApiCase.TRIM,
        Scripts.times(
            1,
            request -> {
              TrimPartition each = request.head().getTrim().getPartitions(0);
              request.answer(
                  Response.newBuilder()
                      .setTrim(
                          TrimResponse.newBuilder()
                              .addResults(
                                  io.millrace.wire.v1.TrimResult.newBuilder()
                                      .setTopicId(each.getTopicId())
                                      .setPartition(1)
                                      .setStartOffset(9))),
                  List.of());
              return true;
            }));
    assertThat(trim(Map.of(NOTES_0, TrimSpec.before(5))).get(NOTES_0))
        .isEqualTo(new TrimResult.Trimmed(5, 1));
  }
}
