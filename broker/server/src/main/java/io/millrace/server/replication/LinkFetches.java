package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.Connection;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.NodeStates;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is fetched over one link. A fetch names what the leader does not know yet; it waits there
 * for that and for all that was named before. When something is ready while a fetch is out, a
 * second one goes out with it, and the leader answers the first. Owner: the link's loop.
 *
 * <p>After a fetch that was refused, and over each new connection, everything is named again: what
 * the leader knows is never guessed.
 */
final class LinkFetches {
  /** What a link makes of it. All on its loop. */
  interface Listener {
    /** Whether to fetch at all, be it nothing. */
    boolean isNeeded();

    /** The other side owes an answer. */
    void onAsked();

    /**
     * It has given one.
     *
     * @param isStarting it said that it serves nobody yet
     */
    void onHeard(boolean isStarting);
  }

  private static final Logger LOG = LoggerFactory.getLogger(LinkFetches.class);

  /** A broker that has not answered by then is asked again over another connection. */
  private static final long ANSWER_NANOS = MILLISECONDS.toNanos(2_000);

  /** A shard that works on its results for longer does not hold up the partitions of others. */
  private static final long SHARD_PATIENCE_NANOS = MILLISECONDS.toNanos(10);

  private static final int MOST_OUT = 2;

  private final BrokerImage peer;
  private final EventLoop loop;
  private final LinkContext context;
  private final Listener listener;
  private final FollowedPartitions partitions;

  /** Fetches that have not been answered. */
  private int out;

  private @Nullable Connection connection;
  private boolean begins = true;
  private @Nullable Distribution distribution;
  private @Nullable Timer patience;
  private @Nullable Timer afterRefusal;

  /** The results of an answer, while shards work on them. */
  private static final class Distribution {
    int shards;
  }

  LinkFetches(BrokerImage peer, EventLoop loop, LinkContext context, Listener listener) {
    this.peer = peer;
    this.loop = loop;
    this.context = context;
    this.listener = listener;
    this.partitions = new FollowedPartitions(loop, context, this::fetch);
  }

  FollowedPartitions partitions() {
    return partitions;
  }

  boolean isAnyOut() {
    return out > 0;
  }

  void onConnected(Connection open) {
    connection = open;
    beginAgain();
    fetch();
  }

  void onDisconnected() {
    connection = null;
  }

  void close() {
    partitions.clear();
    if (patience != null) {
      patience.cancel();
    }
    if (afterRefusal != null) {
      afterRefusal.cancel();
    }
  }

  private void beginAgain() {
    begins = true;
    partitions.beginAgain();
  }

  /** Sends what can be sent now, if anything. */
  void fetch() {
    Connection open = connection;
    if (open == null || afterRefusal != null || !listener.isNeeded()) {
      return;
    }
    int incarnation = context.incarnation();
    if (incarnation == 0) {
      partitions.pauseReady(); // we are nobody at the moment
    } else if (isTime()) {
      send(open, incarnation);
    }
  }

  private boolean isTime() {
    if (out > 0) {
      return out < MOST_OUT && partitions.hasNews();
    }
    boolean mayNameNothing =
        !partitions.isAnyAsked() && (!partitions.isAnyAtWork() || !isPatient());
    return distribution == null && (partitions.hasNews() || mayNameNothing);
  }

  /** What shards work on will be worth naming soon, and a fetch of nothing is not worth while. */
  private boolean isPatient() {
    return patience != null;
  }

  private void send(Connection open, int incarnation) {
    Follower self =
        Follower.newBuilder()
            .setBrokerId(context.self())
            .setIncarnation(incarnation)
            .setDraining(context.isDraining())
            .build();
    int most = open.hello().getLimits().getMaxPartitionsPerRequest();
    FetchRound round = partitions.next(begins, most);
    begins = false;
    out++;
    Request.Builder request =
        Request.newBuilder().setFetch(round.request(self, context.settings()));
    listener.onAsked();
    open.send(request, List.of(), ANSWER_NANOS, true, reply -> onReply(open, round, reply));
  }

  private void onReply(Connection over, FetchRound round, Reply reply) {
    out--;
    if (!(reply instanceof Reply.Answered answered)) {
      if (over == connection) {
        beginAgain();
        over.close(); // and a new one is opened
      }
      return;
    }
    boolean isStarting =
        answered.response().hasError()
            && answered.response().getError().getCode() == ErrorCode.UNAVAILABLE;
    listener.onHeard(isStarting);
    if (answered.response().hasError()) {
      answered.memory().release();
      onRefused(round, answered.response().getError().getCode());
      return;
    }
    Optional<List<FetchRound.Share>> shares =
        FetchRound.split(answered.response().getFetch(), answered.payload());
    if (shares.isEmpty()
        || !shares.get().stream().allMatch(share -> partitions.wasNamed(share.id()))) {
      answered.memory().release();
      LOG.error("broker {}: its answer is not one to the fetches that were sent", peer.id());
      over.close();
      return;
    }
    distribute(shares.get(), answered);
    fetch();
  }

  private void onRefused(FetchRound round, ErrorCode code) {
    LOG.debug("broker {}: refused a fetch: {}", peer.id(), code);
    for (Followed followed : round.named()) {
      if (partitions.contains(followed)) {
        partitions.pause(followed);
      }
    }
    beginAgain();
    // It does not know us yet, or not any more.
    if (afterRefusal == null) {
      afterRefusal =
          loop.schedule(
              MILLISECONDS.toNanos(FetchRound.WAIT_MILLIS),
              () -> {
                afterRefusal = null;
                fetch();
              });
    }
  }

  /**
   * To each shard its shares, in one message; the memory goes back when all have been worked in.
   */
  private void distribute(List<FetchRound.Share> shares, Reply.Answered answered) {
    Map<Integer, List<FollowerShard.Work>> byShard = new LinkedHashMap<>();
    boolean hasWork = false;
    for (FetchRound.Share share : shares) {
      Followed followed = partitions.find(share.id());
      if (followed == null || !isAwaited(followed, share.result())) {
        continue;
      }
      if (share.isOnlyNews() || takes(followed, share.result())) {
        hasWork |= !share.isOnlyNews();
        byShard
            .computeIfAbsent(followed.shard, shard -> new ArrayList<>())
            .add(new FollowerShard.Work(followed, share));
      }
    }
    Distribution mine = hasWork && distribution == null ? new Distribution() : null;
    if (mine != null) {
      distribution = mine;
      mine.shards = byShard.size();
      if (patience == null) {
        patience = loop.schedule(SHARD_PATIENCE_NANOS, this::goOnWithout);
      }
    }
    byShard.forEach((shard, its) -> work(shard, its, answered, mine));
    answered.memory().release();
  }

  /** An answer may cross a fetch that names its partition anew, in another epoch. */
  private static boolean isAwaited(Followed followed, FetchResult result) {
    return result.getLeaderEpoch() == followed.leaderEpoch
        && (followed.stage == Followed.Stage.STANDING || followed.stage == Followed.Stage.READY);
  }

  /** A log can do something about being out of range; about all other errors only time can. */
  private boolean takes(Followed followed, FetchResult result) {
    if (!result.hasError() || result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE) {
      partitions.onWorking(followed, result.hasError() || result.hasDivergence());
      return true;
    }
    LOG.debug("{}: broker {}: {}", followed.id, peer.id(), result.getError());
    if (result.getError().hasLeader()) {
      int epoch = result.getError().getLeader().getLeaderEpoch();
      context
          .shard(followed.shard)
          .heardOf(
              followed.id,
              epoch,
              result.hasNode() ? NodeStates.decode(result.getNode()) : Optional.empty());
    }
    partitions.pause(followed);
    return false;
  }

  private void work(
      int shard,
      List<FollowerShard.Work> its,
      Reply.Answered answered,
      @Nullable Distribution mine) {
    var memory = answered.memory().retain();
    context
        .shard(shard)
        .work(
            its,
            memory::release,
            found -> context.deliver(loop, () -> onWorked(mine, found)),
            late -> context.deliver(loop, () -> onWorked(null, List.of(late))));
  }

  private void onWorked(@Nullable Distribution mine, List<FollowerShard.Standing> standings) {
    partitions.take(standings);
    if (mine != null && mine == distribution && --mine.shards == 0) {
      distribution = null;
    }
    if (patience != null && distribution == null && !partitions.isAnyAtWork()) {
      patience.cancel();
      patience = null;
    }
    fetch();
  }

  private void goOnWithout() {
    patience = null;
    distribution = null;
    fetch();
  }
}
