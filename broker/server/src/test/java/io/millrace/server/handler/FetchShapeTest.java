package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchSession;
import io.millrace.wire.v1.FlushedPartition;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.ReplicaPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FetchShapeTest {
  private static final int MAX_BYTES = 1000;
  private static final int MAX_WAIT_MILLIS = 500;

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 1",
    "-1, -1, 1000, 1000",
    "2147483647, 2147483647, 1000, 1000",
    "100, 900, 100, 100",
    "900, 100, 900, 100",
  })
  void b46_putsSizesIntoWhatTheBrokerAllows(int max, int min, int shapedMax, int shapedMin) {
    FetchShape shape =
        shaped(request().setMaxBytes(max).setMinBytes(min).addPartitions(partition(0)));
    assertThat(shape.maxBytes()).isEqualTo(shapedMax);
    assertThat(shape.minBytes()).isEqualTo(shapedMin);
  }

  @Test
  void b46_boundsTheWaitAndThePartitionsShare() {
    FetchShape shape =
        shaped(request().setMaxWaitMs(-1).addPartitions(partition(0).setMaxBytes(-5)));
    assertThat(shape.maxWaitNanos()).isEqualTo(MAX_WAIT_MILLIS * 1_000_000L);
    assertThat(shape.specs().get(0).maxBytes()).isEqualTo(MAX_BYTES);
  }

  @Test
  void b26_refusesAPartitionNamedTwice() {
    assertThat(refused(request().addPartitions(partition(2)).addPartitions(partition(2))))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void b25_refusesMorePartitionsThanTheLimitAndNone() {
    FetchRequest.Builder request = request();
    for (int i = 0; i < 11; i++) {
      request.addPartitions(partition(i));
    }
    assertThat(refused(request)).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(refused(request())).isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void b25_aFollowerMayNameNothingAndTellNoMoreThanTheLimit() {
    Follower follower = Follower.newBuilder().setBrokerId(2).setIncarnation(1).build();
    assertThat(shaped(request().setFollower(follower)).specs()).isEmpty();
    FetchSession.Builder session = FetchSession.newBuilder();
    for (int i = 0; i < 6; i++) {
      session.addFlushed(FlushedPartition.newBuilder().setPartition(i));
      session.addDropped(ReplicaPartition.newBuilder().setPartition(i));
    }
    assertThat(refused(request().setFollower(follower).setSession(session)))
        .isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void keepsEpochsApartFromTheirAbsence() {
    FetchShape shape =
        shaped(request().addPartitions(partition(0).setLeaderEpoch(0)).addPartitions(partition(1)));
    assertThat(shape.specs().get(0).believedEpoch()).hasValue(0);
    assertThat(shape.specs().get(0).lastEpoch()).isEmpty();
    assertThat(shape.specs().get(1).believedEpoch()).isEmpty();
  }

  private static FetchShape shaped(FetchRequest.Builder request) {
    FetchShape.Outcome outcome = shape(request);
    assertThat(outcome).isInstanceOf(FetchShape.Outcome.Shaped.class);
    return ((FetchShape.Outcome.Shaped) outcome).shape();
  }

  private static ErrorCode refused(FetchRequest.Builder request) {
    FetchShape.Outcome outcome = shape(request);
    assertThat(outcome).isInstanceOf(FetchShape.Outcome.Refused.class);
    return ((FetchShape.Outcome.Refused) outcome).refusal().code();
  }

  private static FetchShape.Outcome shape(FetchRequest.Builder request) {
    return FetchShape.of(request.build(), 10, MAX_BYTES, MAX_WAIT_MILLIS);
  }

  private static FetchRequest.Builder request() {
    return FetchRequest.newBuilder();
  }

  private static FetchPartition.Builder partition(int number) {
    return FetchPartition.newBuilder().setTopicId("orders~abcdefgh").setPartition(number);
  }
}
