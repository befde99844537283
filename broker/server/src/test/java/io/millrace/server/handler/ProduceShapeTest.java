package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProduceShapeTest {
  @Test
  void takesSharesThatFillThePayload() {
    assertThat(check(request().addPartitions(share(0, 60)).addPartitions(share(1, 40)), 100))
        .isEmpty();
  }

  @Test
  void b26_refusesAPartitionNamedTwice() {
    refused(request().addPartitions(share(3, 50)).addPartitions(share(3, 50)), 100, "named twice");
  }

  @Test
  void b20_refusesADurabilityWhoseNumberIsNotKnown() {
    refused(request().setDurabilityValue(77).addPartitions(share(0, 100)), 100, "77 is not known");
  }

  @Test
  void b25_refusesMorePartitionsThanTheLimit() {
    ProduceRequest.Builder request = request();
    for (int i = 0; i < 11; i++) {
      request.addPartitions(share(i, 1));
    }
    assertThat(check(request, 11).orElseThrow().code()).isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void b19_refusesSharesThatDoNotFillThePayloadOrOverlapItsEnd() {
    refused(request().addPartitions(share(0, 99)), 100, "the payload has 100");
    refused(request().addPartitions(share(0, 101)), 100, "the payload has 100");
    refused(request().addPartitions(share(0, -1)), 100, "has no batches");
    refused(request().addPartitions(share(0, 0)), 0, "has no batches");
    refused(
        request().addPartitions(share(0, Integer.MAX_VALUE)).addPartitions(share(1, 101)),
        100,
        "the payload has 100");
    refused(request(), 0, "no partition");
  }

  @Test
  void b43_refusesADurabilityThatIsNotKnownAndNeverTakesItForAnother() {
    refused(request().addPartitions(share(0, 9)).setDurabilityValue(7), 9, "durability 7");
  }

  private static void refused(ProduceRequest.Builder request, int payloadSize, String why) {
    Refusal refusal = check(request, payloadSize).orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal.message()).contains(why);
  }

  private static Optional<Refusal> check(ProduceRequest.Builder request, int payloadSize) {
    return ProduceShape.check(request.build(), payloadSize, 10);
  }

  private static ProduceRequest.Builder request() {
    return ProduceRequest.newBuilder();
  }

  private static ProducePartition.Builder share(int partition, int size) {
    return ProducePartition.newBuilder()
        .setTopicId("orders~abcdefgh")
        .setPartition(partition)
        .setSize(size);
  }
}
