package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.CompactPartition;
import io.millrace.wire.v1.CompactRequest;
import io.millrace.wire.v1.CompactResult;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Compaction that an operator wants now, of what one broker stores. */
class CompactNowTest {
  private final SimulatedCluster cluster = new SimulatedCluster(19);
  private final SimulatedCluster.Machine machine = cluster.machine(1);
  private final TestClient client = cluster.client(machine.start().client());

  private TopicInfo topic(Map<String, String> settings) {
    return cluster.create(client, "kept", 2, settings);
  }

  private void write(TopicInfo topic, String key, String value) {
    Response response =
        cluster
            .await(
                client.produce(
                    topic.getTopicId(), 0, Durability.STANDARD, Batches.keyed(key, value)))
            .response();
    assertThat(response.getProduce().getResults(0).hasError())
        .describedAs("%s", response)
        .isFalse();
  }

  private Response ask(CompactPartition.Builder... wanted) {
    CompactRequest.Builder compact = CompactRequest.newBuilder();
    for (CompactPartition.Builder each : wanted) {
      compact.addPartitions(each);
    }
    return cluster.await(client.send(Request.newBuilder().setCompact(compact))).response();
  }

  private static CompactPartition.Builder partition(TopicInfo topic, int number) {
    return CompactPartition.newBuilder().setTopicId(topic.getTopicId()).setPartition(number);
  }

  @Test
  @DisplayName("4.10: of each key one record is left, the segment that was being written included")
  void tellsWhatItDid() {
    TopicInfo topic = topic(Map.of("cleanup", "compact"));
    for (int i = 0; i < 30; i++) {
      write(topic, "k" + i % 3, "v" + i);
    }
    List<CompactResult> results =
        ask(partition(topic, 0), partition(topic, 1)).getCompact().getResultsList();
    CompactResult first = results.get(0);
    assertThat(first.hasError()).describedAs("%s", first).isFalse();
    assertThat(first.getWantedTo()).isEqualTo(30);
    assertThat(first.getCleanedTo()).isEqualTo(30);
    assertThat(first.getDroppedRecords()).isEqualTo(27);
    assertThat(first.getSegmentsBefore()).isEqualTo(1);
    assertThat(first.getBytesAfter()).isLessThan(first.getBytesBefore() / 3);
    assertThat(results.get(1).hasError()).as("an empty one").isFalse();
    assertThat(results.get(1).getDroppedRecords()).isZero();

    CompactResult again = ask(partition(topic, 0)).getCompact().getResults(0);
    assertThat(again.hasError()).isFalse();
    assertThat(again.getDroppedRecords()).isZero();
    assertThat(again.getBytesBefore()).isEqualTo(first.getBytesAfter());
  }

  @Test
  void asksForNoMoreThanBeforeWhereItIsToldHowFar() {
    TopicInfo topic = topic(Map.of("cleanup", "both"));
    for (int i = 0; i < 10; i++) {
      write(topic, "k", "v" + i);
    }
    ask(partition(topic, 0));
    write(topic, "k", "later");
    CompactResult result = ask(partition(topic, 0).setBeforeOffset(10)).getCompact().getResults(0);
    assertThat(result.hasError()).isFalse();
    assertThat(result.getWantedTo()).isEqualTo(10);
    assertThat(result.getCleanedTo()).isEqualTo(10);
  }

  @Test
  void partitionsFailOneByOne() {
    TopicInfo topic = topic(Map.of("cleanup", "compact"));
    TopicInfo other = cluster.create(client, "other", 1, Map.of());
    List<CompactResult> results =
        ask(
                partition(topic, 0),
                partition(topic, 7),
                partition(other, 0),
                CompactPartition.newBuilder().setTopicId("none~aaaaaaaa"))
            .getCompact()
            .getResultsList();
    assertThat(results)
        .extracting(each -> each.getError().getCode())
        .containsExactly(
            ErrorCode.ERROR_CODE_UNSPECIFIED,
            ErrorCode.UNKNOWN_PARTITION,
            ErrorCode.INVALID_REQUEST,
            ErrorCode.UNKNOWN_TOPIC);
    assertThat(results.get(2).getError().getMessage()).contains("cleanup is delete");
  }

  @Test
  void refusesARequestThatNamesNothingOrSomethingTwice() {
    TopicInfo topic = topic(Map.of("cleanup", "compact"));
    assertThat(ask().getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
    Response twice = ask(partition(topic, 0), partition(topic, 0));
    assertThat(twice.getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(twice.getError().getMessage()).contains("twice");
  }
}
