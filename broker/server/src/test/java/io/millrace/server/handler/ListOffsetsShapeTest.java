package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.Earliest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Latest;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ListOffsetsShapeTest {
  @Test
  void takesSeveralPartitions() {
    assertThat(check(partition(0), partition(1))).isEmpty();
  }

  @Test
  void b26_refusesAPartitionNamedTwiceWhateverIsAskedOfIt() {
    Refusal refusal =
        check(
                partition(3).setEarliest(Earliest.getDefaultInstance()),
                partition(3).setLatest(Latest.getDefaultInstance()))
            .orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal.message()).contains("orders~abcdefgh-3 is named twice");
  }

  @Test
  void b25_refusesMorePartitionsThanTheLimitAndNone() {
    assertThat(check(partition(0), partition(1), partition(2)).orElseThrow().code())
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(check().orElseThrow().code()).isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  private static Optional<Refusal> check(ListOffsetsPartition.Builder... partitions) {
    ListOffsetsRequest.Builder request = ListOffsetsRequest.newBuilder();
    for (ListOffsetsPartition.Builder partition : partitions) {
      request.addPartitions(partition);
    }
    return ListOffsetsShape.check(request.build(), 2);
  }

  private static ListOffsetsPartition.Builder partition(int number) {
    return ListOffsetsPartition.newBuilder().setTopicId("orders~abcdefgh").setPartition(number);
  }
}
