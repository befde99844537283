package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ReplicaEndsRequest;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Which live replicas of a partition have a copy that cannot be used, and why: ZooKeeper does not
 * know, so each is asked. For people, who may ask any broker, and seldom. Owner: the store's loop.
 */
public final class OfflineElsewhere {
  /** Less than who wants an explanation waits for all of it. */
  private static final long PATIENCE_NANOS = MILLISECONDS.toNanos(500);

  private final EventLoop loop;
  private final Outlook outlook;
  private final PeerCalls peers;

  public OfflineElsewhere(EventLoop loop, Outlook outlook, PeerCalls peers) {
    this.loop = loop;
    this.outlook = outlook;
    this.peers = peers;
  }

  /**
   * @return completes on the loop, in half a second at most: by broker id, what each says of its
   *     copy. Who does not answer in time is left out, and so is this broker
   */
  public CompletionStage<Map<Integer, String>> of(PartitionId id) {
    loop.assertInLoop();
    Asking asking = new Asking();
    PartitionImage partition = outlook.imageOf(id);
    if (partition != null) {
      for (int replica : partition.replicas()) {
        BrokerImage peer = outlook.catalog().image().brokers().get(replica);
        if (peer != null && replica != outlook.self()) {
          asking.ask(peer, id);
        }
      }
    }
    asking.answered();
    return asking.done;
  }

  private final class Asking {
    private final CompletableFuture<Map<Integer, String>> done = new CompletableFuture<>();
    private final Map<Integer, String> said = new TreeMap<>();
    private int pending = 1;

    void ask(BrokerImage peer, PartitionId id) {
      if (pending++ == 1) {
        loop.schedule(PATIENCE_NANOS, () -> done.complete(Map.copyOf(said)));
      }
      ReplicaEndsRequest.Builder ends =
          ReplicaEndsRequest.newBuilder()
              .addPartitions(
                  ReplicaPartition.newBuilder()
                      .setTopicId(id.topicId())
                      .setPartition(id.partition()));
      peers
          .ask(peer, Request.newBuilder().setReplicaEnds(ends), PATIENCE_NANOS)
          .thenAccept(
              outcome -> {
                if (outcome instanceof PeerCalls.Outcome.Answered answer) {
                  answer.response().getReplicaEnds().getResultsList().stream()
                      .filter(end -> end.getError().getCode() == ErrorCode.STORAGE_FAILED)
                      .forEach(end -> said.put(peer.id(), end.getError().getMessage()));
                }
                answered();
              });
    }

    void answered() {
      if (--pending == 0) {
        done.complete(Map.copyOf(said));
      }
    }
  }
}
