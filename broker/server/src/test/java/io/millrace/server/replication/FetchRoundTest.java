package io.millrace.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.FetchSession;
import io.millrace.wire.v1.Follower;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchRoundTest {
  private static final ReplicationSettings SETTINGS = new ReplicationSettings(8 << 20, 100, 2_000);

  private final FetchRound round =
      new FetchRound(
          true,
          List.of(
              followed("t", 0, 7, new FollowerPosition(10, 5, 8, 9)),
              followed("t", 1, 6, new FollowerPosition(0, -1, 0, 0))),
          List.of(new FetchRound.Dropped(new PartitionId("u", 3), 2)),
          List.of(flushed("v", 4, 12)));

  private static Followed flushed(String topic, int partition, long offset) {
    Followed followed = new Followed(new PartitionId(topic, partition), 5, 0);
    followed.toldFlushed = offset;
    return followed;
  }

  private static Followed followed(String topic, int partition, int epoch, FollowerPosition at) {
    Followed followed = new Followed(new PartitionId(topic, partition), epoch, 0);
    followed.position = at;
    return followed;
  }

  private static FetchResult.Builder result(String topic, int partition, int size) {
    return FetchResult.newBuilder().setTopicId(topic).setPartition(partition).setSize(size);
  }

  private static FetchResponse response(FetchResult.Builder... results) {
    FetchResponse.Builder response = FetchResponse.newBuilder();
    for (FetchResult.Builder result : results) {
      response.addResults(result);
    }
    return response.build();
  }

  @Test
  void asksWithEpochPositionAndWhatIsOnDisk() {
    Follower self = Follower.newBuilder().setBrokerId(2).setIncarnation(3).build();
    FetchRequest request = round.request(self, SETTINGS);
    assertThat(request.getFollower()).isEqualTo(self);
    assertThat(request.getMaxWaitMs()).isEqualTo(25);
    assertThat(request.getMaxBytes()).isEqualTo(8 << 20);
    var first = request.getPartitions(0);
    assertThat(first.getFetchOffset()).isEqualTo(10);
    assertThat(first.getLeaderEpoch()).isEqualTo(7);
    assertThat(first.getLastEpoch()).isEqualTo(5);
    assertThat(first.getFlushedOffset()).isEqualTo(8);
    assertThat(first.getHighWatermark()).isEqualTo(9);
    assertThat(first.getMaxBytes()).isEqualTo(1 << 20);
    assertThat(request.getPartitions(1).hasLastEpoch()).isFalse();
    assertThat(request.getPartitions(1).hasLeaderEpoch()).isTrue();
  }

  @Test
  void saysWhatElseIsNew() {
    FetchSession session = round.request(Follower.getDefaultInstance(), SETTINGS).getSession();
    assertThat(session.getBegin()).isTrue();
    assertThat(session.getDropped(0).getTopicId()).isEqualTo("u");
    assertThat(session.getDropped(0).getPartition()).isEqualTo(3);
    assertThat(session.getDropped(0).getLeaderEpoch()).isEqualTo(2);
    assertThat(session.getFlushed(0).getTopicId()).isEqualTo("v");
    assertThat(session.getFlushed(0).getFlushedOffset()).isEqualTo(12);
  }

  @Test
  void cutsTheAnswerIntoSharesWithoutCopying() {
    byte[] bytes = {1, 2, 3, 4, 5};
    var shares =
        FetchRound.split(
                response(result("t", 0, 2), result("u", 0, 0), result("t", 1, 3)),
                ByteBuffer.wrap(bytes))
            .orElseThrow();
    assertThat(shares.get(0).batches()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
    assertThat(shares.get(0).isOnlyNews()).isFalse();
    assertThat(shares.get(1).isOnlyNews()).isTrue();
    assertThat(shares.get(2).id()).isEqualTo(new PartitionId("t", 1));
    assertThat(shares.get(2).batches()).isEqualTo(ByteBuffer.wrap(new byte[] {3, 4, 5}));
    bytes[2] = 9;
    assertThat(shares.get(2).batches().get(0)).isEqualTo((byte) 9);
  }

  @Test
  void takesNoAnswerWhosePartsAreNotItsPayload() {
    ByteBuffer five = ByteBuffer.allocate(5);
    assertThat(FetchRound.split(response(result("t", 0, 4)), five)).isEmpty();
    assertThat(FetchRound.split(response(), five)).isEmpty();
    assertThat(FetchRound.split(response(result("t", 0, 2), result("t", 1, 4)), five)).isEmpty();
    assertThat(FetchRound.split(response(result("t", 0, -1), result("t", 1, 6)), five)).isEmpty();
    assertThat(FetchRound.split(response(result("t", 0, 6), result("t", 1, -1)), five)).isEmpty();
  }
}
