package io.millrace.server.handler;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.DrainingPeers;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request that claims to come from a replica does: only then may it move in-sync sets and
 * high watermarks (B47, B48). Any thread.
 *
 * <p>Until brokers prove who they are, what stands between an ordinary client and the watermark is
 * that brokers have a listener of their own.
 */
final class ReplicaAdmission {
  private final Supplier<Catalog> catalog;
  private final DrainingPeers draining;
  private final IntConsumer newerLife;

  /**
   * @param draining is told of those that want to lead nothing
   * @param newerLife hears of brokers that name a life which is not known here yet: our server of
   *     ZooKeeper may be behind theirs, and while it is they count for nothing here
   */
  ReplicaAdmission(Supplier<Catalog> catalog, DrainingPeers draining, IntConsumer newerLife) {
    this.catalog = catalog;
    this.draining = draining;
    this.newerLife = newerLife;
  }

  /**
   * @param ofBroker it came by the listener of brokers
   * @return why it is refused, before anything of it has been looked at; empty also for whatever
   *     claims nothing
   */
  Optional<Refusal> check(Request head, boolean ofBroker) {
    return switch (head.getApiCase()) {
      case FETCH ->
          head.getFetch().hasFollower()
              ? checkFollower(head, head.getFetch().getFollower(), ofBroker)
              : Optional.empty();
      case LEAVE_IN_SYNC -> checkFollower(head, head.getLeaveInSync().getFollower(), ofBroker);
      case REPLICA_ENDS, READER_LAGS -> ofBroker ? Optional.empty() : Optional.of(notHere());
      default -> Optional.empty();
    };
  }

  private static Refusal notHere() {
    return new Refusal(
        ErrorCode.NOT_AUTHORISED,
        "requests of replicas are taken by the internal listener only, from brokers");
  }

  private Optional<Refusal> checkFollower(Request head, Follower claimed, boolean ofBroker) {
    if (!ofBroker) {
      return Optional.of(notHere());
    }
    Catalog now = catalog.get();
    BrokerImage live = now.image().brokers().get(claimed.getBrokerId());
    if (live == null || live.incarnation() != claimed.getIncarnation()) {
      if (isNewer(live, claimed)) {
        newerLife.accept(claimed.getBrokerId());
      }
      return refused(
          ErrorCode.FENCED_INCARNATION,
          "broker "
              + Integer.toUnsignedString(claimed.getBrokerId())
              + " in incarnation "
              + Long.toUnsignedString(claimed.getIncarnation())
              + " is not live here: "
              + (live == null ? "it is not registered" : "it is in " + live.incarnation())
              + "; retry");
    }
    if (!head.getLeaveInSync().getCopiesLost()) { // that says nothing of the broker's other wishes
      draining.heard(live.id(), live.incarnation(), claimed.getDraining());
    }
    return head.hasFetch() ? checkFetched(now, head, live.id()) : checkLeft(now, head, live.id());
  }

  private static boolean isNewer(@Nullable BrokerImage live, Follower claimed) {
    return claimed.getBrokerId() >= 0
        && (live == null || Long.compareUnsigned(claimed.getIncarnation(), live.incarnation()) > 0);
  }

  private static Optional<Refusal> checkFetched(Catalog now, Request head, int broker) {
    for (FetchPartition each : head.getFetch().getPartitionsList()) {
      if (!each.hasLeaderEpoch()) {
        return refused(
            ErrorCode.INVALID_REQUEST, "a replica must name the leader epoch that it fetches in");
      }
      if (isForeign(now, each.getTopicId(), each.getPartition(), broker)) {
        return foreign(each.getTopicId(), each.getPartition(), broker);
      }
    }
    return Optional.empty();
  }

  private static Optional<Refusal> checkLeft(Catalog now, Request head, int broker) {
    for (ReplicaPartition each : head.getLeaveInSync().getPartitionsList()) {
      if (isForeign(now, each.getTopicId(), each.getPartition(), broker)) {
        return foreign(each.getTopicId(), each.getPartition(), broker);
      }
    }
    return Optional.empty();
  }

  /** Of what is not known here its owner says so, as to everybody. */
  private static boolean isForeign(Catalog now, String topicId, int number, int broker) {
    TopicImage topic = now.topicsById().get(topicId);
    if (topic == null || number < 0 || number >= topic.partitions().size()) {
      return false;
    }
    @Nullable PartitionImage partition = topic.partitions().get(number);
    return partition != null && !partition.replicas().contains(broker);
  }

  private static Optional<Refusal> foreign(String topicId, int partition, int broker) {
    return refused(
        ErrorCode.INVALID_REQUEST,
        "broker " + broker + " has no replica of " + topicId + "-" + partition);
  }

  private static Optional<Refusal> refused(ErrorCode code, String message) {
    return Optional.of(new Refusal(code, message));
  }
}
