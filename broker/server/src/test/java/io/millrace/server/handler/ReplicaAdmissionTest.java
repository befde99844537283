package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.DrainingPeers;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.LeaveInSyncRequest;
import io.millrace.wire.v1.ReplicaEndsRequest;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReplicaAdmissionTest {
  private static final PartitionImage OF_1_AND_2 =
      new PartitionImage(
          0, List.of(1, 2), OptionalInt.of(1), 4, 7, List.of(1, 2), List.of(), false, "", 3);
  private static final TopicImage TOPIC =
      new TopicImage("t", "T", false, 1, 2, Map.of(), List.of(OF_1_AND_2));
  private static final Catalog CATALOG =
      Catalog.of(
          1,
          new ClusterImage("c", 1, Map.of(1, broker(1, 4), 2, broker(2, 9)), Map.of("t", TOPIC)));

  private final List<Integer> newerLives = new ArrayList<>();
  private final ReplicaAdmission admission =
      new ReplicaAdmission(() -> CATALOG, new DrainingPeers(), newerLives::add);

  private static BrokerImage broker(int id, int incarnation) {
    return new BrokerImage(id, incarnation, Map.of(), "", "");
  }

  private static Follower follower(int id, long incarnation) {
    return Follower.newBuilder().setBrokerId(id).setIncarnation(incarnation).build();
  }

  private static Request fetch(Follower follower) {
    return fetch(
        follower, FetchPartition.newBuilder().setTopicId("T").setPartition(0).setLeaderEpoch(7));
  }

  private static Request fetch(Follower follower, FetchPartition.Builder partition) {
    return Request.newBuilder()
        .setFetch(FetchRequest.newBuilder().setFollower(follower).addPartitions(partition))
        .build();
  }

  private static Request leave(Follower follower) {
    return Request.newBuilder()
        .setLeaveInSync(
            LeaveInSyncRequest.newBuilder()
                .setFollower(follower)
                .addPartitions(ReplicaPartition.newBuilder().setTopicId("T").setLeaderEpoch(7)))
        .build();
  }

  private ErrorCode check(Request request, boolean ofBroker) {
    Optional<Refusal> refusal = admission.check(request, ofBroker);
    return refusal.map(Refusal::code).orElse(ErrorCode.ERROR_CODE_UNSPECIFIED);
  }

  @Test
  void takesAReplicasFetchInItsPresentLifeByTheInternalListener() {
    assertThat(check(fetch(follower(2, 9)), true)).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
    assertThat(check(leave(follower(2, 9)), true)).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
  }

  @Test
  void takesAConsumersFetchByEitherListener() {
    Request consumer =
        Request.newBuilder()
            .setFetch(
                FetchRequest.newBuilder()
                    .addPartitions(FetchPartition.newBuilder().setTopicId("T")))
            .build();
    assertThat(check(consumer, false)).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
    assertThat(check(consumer, true)).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
  }

  @Test
  void b47_takesNothingOfAReplicaByTheListenerOfClients() {
    assertThat(check(fetch(follower(2, 9)), false)).isEqualTo(ErrorCode.NOT_AUTHORISED);
    assertThat(check(leave(follower(2, 9)), false)).isEqualTo(ErrorCode.NOT_AUTHORISED);
    Request ends =
        Request.newBuilder().setReplicaEnds(ReplicaEndsRequest.getDefaultInstance()).build();
    assertThat(check(ends, false)).isEqualTo(ErrorCode.NOT_AUTHORISED);
    assertThat(check(ends, true)).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
    // Also not when it claims nothing sensible.
    assertThat(check(fetch(Follower.getDefaultInstance()), false))
        .isEqualTo(ErrorCode.NOT_AUTHORISED);
    assertThat(check(leave(Follower.getDefaultInstance()), false))
        .isEqualTo(ErrorCode.NOT_AUTHORISED);
  }

  @Test
  void b48_refusesEveryLifeOfABrokerButItsPresentOne() {
    for (long incarnation : new long[] {0, 8, 10, -1, 9L + (1L << 32)}) {
      assertThat(check(fetch(follower(2, incarnation)), true))
          .describedAs("incarnation %s", incarnation)
          .isEqualTo(ErrorCode.FENCED_INCARNATION);
      assertThat(check(leave(follower(2, incarnation)), true))
          .isEqualTo(ErrorCode.FENCED_INCARNATION);
    }
    assertThat(check(fetch(follower(3, 1)), true)).isEqualTo(ErrorCode.FENCED_INCARNATION);
    assertThat(check(fetch(follower(-2, 9)), true)).isEqualTo(ErrorCode.FENCED_INCARNATION);
  }

  @Test
  @DisplayName("F28: only a life that is newer than what is known is worth a look at ZooKeeper")
  void tellsOfLivesThatAreNotKnownYet() {
    check(fetch(follower(2, 8)), true); // an earlier one
    check(fetch(follower(2, 9)), true);
    check(fetch(follower(2, 10)), false); // by the listener of clients
    check(fetch(follower(-2, 9)), true);
    assertThat(newerLives).isEmpty();
    check(fetch(follower(2, 10)), true);
    check(leave(follower(3, 1)), true);
    assertThat(newerLives).containsExactly(2, 3);
  }

  @Test
  void refusesABrokerThatHasNoReplica() {
    Catalog more =
        Catalog.of(
            1,
            new ClusterImage(
                "c", 1, Map.of(1, broker(1, 4), 3, broker(3, 5)), CATALOG.image().topics()));
    ReplicaAdmission itsAdmission =
        new ReplicaAdmission(() -> more, new DrainingPeers(), newerLives::add);
    Refusal refusal = itsAdmission.check(fetch(follower(3, 5)), true).orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal.message()).isEqualTo("broker 3 has no replica of T-0");
    assertThat(itsAdmission.check(leave(follower(3, 5)), true)).isPresent();
  }

  @Test
  void refusesAReplicaThatDoesNotSayItsEpoch() {
    assertThat(check(fetch(follower(2, 9), FetchPartition.newBuilder().setTopicId("T")), true))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void leavesToTheOwnerWhatTheCatalogDoesNotKnow() {
    FetchPartition.Builder unknown =
        FetchPartition.newBuilder().setTopicId("U").setLeaderEpoch(1).setPartition(-1);
    assertThat(check(fetch(follower(2, 9), unknown), true))
        .isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
    assertThat(check(fetch(follower(2, 9), unknown.setTopicId("T")), true))
        .isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
  }
}
