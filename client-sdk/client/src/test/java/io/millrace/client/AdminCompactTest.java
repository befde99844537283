package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.CompactPartition;
import io.millrace.wire.v1.CompactResponse;
import io.millrace.wire.v1.DescribeTopicsResponse;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Compaction that somebody wants now: every replica is asked where it lies. */
class AdminCompactTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final SimulatedWorld world = new SimulatedWorld(7, 2);
  private final SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  /** Topic {@code kept}, of two partitions, both on both brokers. */
  private void with(FakeBroker.Script one, FakeBroker.Script two) {
    FakeBroker.Script describe =
        request -> {
          TopicInfo.Builder topic = TopicInfo.newBuilder().setName("kept").setTopicId("kept~1");
          for (int i = 0; i < 2; i++) {
            topic.addPartitions(
                PartitionInfo.newBuilder().setPartition(i).addAllReplicas(List.of(1, 2)));
          }
          request.answer(
              Response.newBuilder()
                  .setDescribeTopics(DescribeTopicsResponse.newBuilder().addTopics(topic)),
              List.of());
          return true;
        };
    world.broker(1).script(either(describe, one));
    world.broker(2).script(either(describe, two));
  }

  private static FakeBroker.Script either(FakeBroker.Script describe, FakeBroker.Script compact) {
    return request ->
        switch (request.head().getApiCase()) {
          case DESCRIBE_TOPICS -> describe.take(request);
          case COMPACT -> compact.take(request);
          default -> false;
        };
  }

  /** Says the same of every partition it is asked for. */
  private static FakeBroker.Script answering(
      java.util.function.Function<CompactPartition, io.millrace.wire.v1.CompactResult.Builder>
          told) {
    return request -> {
      CompactResponse.Builder response = CompactResponse.newBuilder();
      for (CompactPartition each : request.head().getCompact().getPartitionsList()) {
        response.addResults(
            told.apply(each).setTopicId(each.getTopicId()).setPartition(each.getPartition()));
      }
      request.answer(Response.newBuilder().setCompact(response), List.of());
      return true;
    };
  }

  private static io.millrace.wire.v1.CompactResult.Builder done() {
    return io.millrace.wire.v1.CompactResult.newBuilder()
        .setWantedTo(50)
        .setCleanedTo(50)
        .setDroppedRecords(40)
        .setSegmentsBefore(5)
        .setSegmentsAfter(1)
        .setBytesBefore(1_000)
        .setBytesAfter(200);
  }

  private static io.millrace.wire.v1.CompactResult.Builder failed(ErrorCode code) {
    return io.millrace.wire.v1.CompactResult.newBuilder()
        .setError(Error.newBuilder().setCode(code).setMessage("in words"));
  }

  private List<CompactResult> compact(List<Integer> partitions) throws Exception {
    return admin.ended(admin.client().compactTopic("kept", partitions, MINUTE)).get();
  }

  private static CompactResult.Compacted compacted(int partition, int broker) {
    return new CompactResult.Compacted(
        new TopicPartition("kept", partition),
        broker,
        50,
        40,
        new CompactResult.Files(5, 1_000),
        new CompactResult.Files(1, 200));
  }

  @Test
  void asksEveryReplicaAndNamesThemInOrder() throws Exception {
    with(answering(each -> done()), answering(each -> done()));
    assertThat(compact(List.of()))
        .containsExactly(compacted(0, 1), compacted(0, 2), compacted(1, 1), compacted(1, 2));
    assertThat(world.broker(1).seen(Request.ApiCase.COMPACT)).hasSize(1);
    assertThat(compact(List.of(1))).containsExactly(compacted(1, 1), compacted(1, 2));
  }

  @Test
  void asksAgainForWhatWasWantedFirstWhereItTakesLonger() throws Exception {
    FakeBroker.Script slow =
        answering(
            each ->
                each.hasBeforeOffset()
                    ? done()
                    : failed(ErrorCode.TIMED_OUT).setWantedTo(50 + each.getPartition()));
    with(slow, answering(each -> done()));
    assertThat(compact(List.of()))
        .containsExactly(compacted(0, 1), compacted(0, 2), compacted(1, 1), compacted(1, 2));
    List<Request> asked = world.broker(1).seen(Request.ApiCase.COMPACT);
    assertThat(asked).hasSize(2);
    assertThat(asked.get(1).getCompact().getPartitionsList())
        .extracting(CompactPartition::getBeforeOffset)
        .containsExactly(50L, 51L);
  }

  @Test
  void replicasFailOneByOne() throws Exception {
    with(
        answering(each -> each.getPartition() == 0 ? done() : failed(ErrorCode.INVALID_REQUEST)),
        answering(each -> failed(ErrorCode.TIMED_OUT)));
    List<CompactResult> results = compact(List.of());
    assertThat(results).hasSize(4).startsWith(compacted(0, 1));
    assertThat(why(results.get(1))).isEqualTo(TimedOutException.class);
    assertThat(why(results.get(2))).isEqualTo(InvalidRequestException.class);
  }

  private static Class<?> why(CompactResult result) {
    return result instanceof CompactResult.Failed failed ? failed.error().getClass() : Void.class;
  }

  @Test
  void i17_endsInTimeThoughABrokerIsSilentOrSaysForEverThatItTakesLonger() throws Exception {
    with(Scripts.silent(), answering(each -> failed(ErrorCode.TIMED_OUT).setWantedTo(50)));
    long start = world.scheduler().nanoTime();
    assertThat(
            admin
                .ended(admin.client().compactTopic("kept", List.of(0), Duration.ofSeconds(2)))
                .get())
        .hasSize(2)
        .allMatch(each -> why(each).equals(TimedOutException.class));
    assertThat(world.scheduler().nanoTime() - start).isLessThan(Duration.ofMillis(2_200).toNanos());
  }

  @Test
  void refusesAPartitionThatIsNotThere() {
    with(answering(each -> done()), answering(each -> done()));
    assertThatThrownBy(() -> compact(List.of(2)))
        .hasCauseInstanceOf(UnknownPartitionException.class);
    assertThat(world.broker(1).seen(Request.ApiCase.COMPACT)).isEmpty();
  }
}
