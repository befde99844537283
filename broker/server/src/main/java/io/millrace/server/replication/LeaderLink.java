package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.Backoff;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one life of one broker: a connection to its internal listener, one fetch at a time for
 * all partitions that it leads and that have a replica here, and a watch on whether it still
 * answers. Owner: its loop.
 *
 * <p>A partition is in one place at a time, see {@link Followed.Stage}. Whatever cannot be fetched
 * now is left out of the fetch and comes into a later one; nobody waits for it.
 */
final class LeaderLink implements Connection.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderLink.class);

  /** A leader that has not answered by then is asked again over another connection. */
  private static final long ANSWER_NANOS = MILLISECONDS.toNanos(2_000);

  /** A shard that works on its results for longer does not hold up the partitions of others. */
  private static final long SHARD_PATIENCE_NANOS = MILLISECONDS.toNanos(10);

  private static final Backoff RECONNECT = new Backoff(20, 500);
  private static final Backoff REFUSED = new Backoff(5, 100);
  private static final long RESUME_NANOS = MILLISECONDS.toNanos(5);

  private final BrokerImage leader;
  private final Endpoint address;
  private final EventLoop loop;
  private final LinkContext context;
  private final PeerWatch watch;
  private final Map<PartitionId, Followed> partitions = new LinkedHashMap<>();

  private @Nullable Connection connection;
  private boolean connecting;
  private int failedConnects;
  private boolean closed;

  private @Nullable FetchRound round;

  /** Shards that have results to work on. */
  private int working;

  private int distribution;
  private @Nullable Timer patience;
  private @Nullable Timer retry;
  private @Nullable Timer resume;
  private @Nullable Timer tick;
  private int rotation;

  /** On any thread; everything else on the loop. */
  LeaderLink(BrokerImage leader, Endpoint address, EventLoop loop, LinkContext context) {
    this.leader = leader;
    this.address = address;
    this.loop = loop;
    this.context = context;
    this.watch =
        new PeerWatch(context.newSilenceLimit(), context.tickNanos(), loop.clock().nanoTime());
  }

  EventLoop loop() {
    return loop;
  }

  // ---- What is followed ------------------------------------------------------------------------

  void follow(PartitionId id, int leaderEpoch) {
    loop.assertInLoop();
    if (closed) {
      return;
    }
    Followed followed = new Followed(id, leaderEpoch, context.shardOf(id));
    partitions.put(id, followed);
    ask(List.of(followed));
    connect();
  }

  /** The connection stays: it costs little, and may be wanted again at the next election. */
  void unfollow(PartitionId id) {
    loop.assertInLoop();
    partitions.remove(id);
  }

  /** For good: that life of the broker is over, or ours is. */
  void close() {
    loop.assertInLoop();
    closed = true;
    partitions.clear();
    cancel(tick);
    cancel(retry);
    cancel(patience);
    cancel(resume);
    Connection open = connection;
    if (open != null) {
      open.close();
    }
    if (watch.isSuspected()) {
      tell(PeerWatch.Verdict.CLEARED);
    }
  }

  private static void cancel(@Nullable Timer timer) {
    if (timer != null) {
      timer.cancel();
    }
  }

  /** A suspected broker is watched on, so that the suspicion can end. */
  private boolean isNeeded() {
    return !closed && (!partitions.isEmpty() || watch.isSuspected());
  }

  // ---- The connection --------------------------------------------------------------------------

  private void connect() {
    if (!isNeeded() || connection != null || connecting || retry != null) {
      return;
    }
    connecting = true;
    watch.onAsked(loop.clock().nanoTime());
    keepTicking();
    RpcClient.connect(context.transport(), loop, address, context.connectionSettings(), this);
  }

  @Override
  public void onReady(Connection ready) {
    connecting = false;
    if (!isNeeded()) {
      ready.close();
      return;
    }
    long incarnation = ready.hello().getIncarnation();
    if (ready.hello().getBrokerId() != leader.id() || incarnation != leader.incarnation()) {
      // Another life, which leads nothing that we have heard of; or another broker altogether.
      ready.close();
      onUnreachable(
          address
              + " answers as broker "
              + ready.hello().getBrokerId()
              + ", incarnation "
              + incarnation);
      return;
    }
    connection = ready;
    failedConnects = 0;
    heard();
    fetch();
  }

  @Override
  public void onFailed(Throwable cause) {
    connecting = false;
    onUnreachable("cannot connect to " + address + ": " + cause.getMessage());
  }

  @Override
  public void onClosed(Connection was, @Nullable Throwable cause) {
    if (connection != was) {
      return;
    }
    connection = null;
    if (isNeeded()) {
      LOG.debug("broker {}: connection lost; connecting again", leader.id(), cause);
      connect();
    }
  }

  private void onUnreachable(String how) {
    if (!isNeeded()) {
      return;
    }
    tell(watch.onRefused(how));
    failedConnects++;
    retry =
        loop.schedule(
            MILLISECONDS.toNanos(RECONNECT.delayMillis(failedConnects, context.random())),
            () -> {
              retry = null;
              connect();
            });
  }

  // ---- Suspicion -------------------------------------------------------------------------------

  private void keepTicking() {
    if (tick == null && isNeeded()) {
      tick =
          loop.schedule(
              context.tickNanos(),
              () -> {
                tick = null;
                tell(watch.onTick(loop.clock().nanoTime()));
                keepTicking();
              });
    }
  }

  private void heard() {
    tell(watch.onHeard(loop.clock().nanoTime()));
  }

  private void tell(PeerWatch.Verdict verdict) {
    if (verdict == PeerWatch.Verdict.SUSPECTED) {
      LOG.info(
          "broker {} (incarnation {}) is suspected: {}",
          leader.id(),
          leader.incarnation(),
          watch.why());
      context.suspected(leader.id(), leader.incarnation(), watch.why());
    } else if (verdict == PeerWatch.Verdict.CLEARED) {
      LOG.info("broker {} (incarnation {}) answers again", leader.id(), leader.incarnation());
      context.cleared(leader.id(), leader.incarnation());
    }
  }

  // ---- Where the partitions stand --------------------------------------------------------------

  private void ask(Collection<Followed> whose) {
    Map<Integer, List<Followed>> byShard = new HashMap<>();
    for (Followed followed : whose) {
      followed.stage = Followed.Stage.ASKED;
      byShard.computeIfAbsent(followed.shard, shard -> new ArrayList<>()).add(followed);
    }
    byShard.forEach(
        (shard, asked) ->
            context.shard(shard).positions(asked, found -> deliver(() -> onPositions(found))));
  }

  /** From a shard's loop to ours. */
  private void deliver(Runnable message) {
    if (loop.inLoop()) {
      message.run();
    } else {
      loop.execute(message);
    }
  }

  private void onPositions(List<FollowerShard.Standing> standings) {
    standings.forEach(this::take);
    fetch();
  }

  private void take(FollowerShard.Standing standing) {
    Followed followed = standing.followed();
    if (partitions.get(followed.id) != followed) {
      return; // followed in another epoch by now, or not any more
    }
    FollowerPosition before = followed.position;
    FollowerPosition now = standing.position().orElse(null);
    if (now == null || (followed.wasRefused && now.equals(before))) {
      pause(followed); // asking the same again at once would lead nowhere, quickly
      return;
    }
    followed.position = now;
    followed.stage = Followed.Stage.READY;
    followed.wasRefused = false;
  }

  /** Not able to fetch now, or refused. */
  private void pause(Followed followed) {
    followed.stage = Followed.Stage.PAUSED;
    followed.wasRefused = false;
    followed.failures++;
    long delayNanos =
        MILLISECONDS.toNanos(REFUSED.delayMillis(followed.failures, context.random()));
    followed.pausedUntilNanos = loop.clock().nanoTime() + delayNanos;
    if (resume == null) {
      resume = loop.schedule(RESUME_NANOS, this::resume);
    }
  }

  /** One timer for all that pause: when a leader steps down, all its partitions do. */
  private void resume() {
    resume = null;
    long now = loop.clock().nanoTime();
    List<Followed> due = new ArrayList<>();
    boolean others = false;
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.PAUSED) {
        if (followed.pausedUntilNanos - now <= 0) {
          due.add(followed);
        } else {
          others = true;
        }
      }
    }
    if (others) {
      resume = loop.schedule(RESUME_NANOS, this::resume);
    }
    if (!due.isEmpty()) {
      ask(due);
    }
  }

  // ---- The fetch -------------------------------------------------------------------------------

  /** Sends the next one, if there is anything to fetch and nothing in the way. */
  private void fetch() {
    Connection open = connection;
    if (open == null || round != null || working > 0 || closed) {
      return;
    }
    List<Followed> ready = ready(open);
    int incarnation = context.incarnation();
    if (incarnation == 0) {
      ready.forEach(this::pause); // we are nobody at the moment
      return;
    }
    if (ready.isEmpty()) {
      return;
    }
    FetchRound next = new FetchRound(ready);
    Follower self =
        Follower.newBuilder()
            .setBrokerId(context.self())
            .setIncarnation(incarnation)
            .setDraining(context.isDraining())
            .build();
    Request.Builder request = Request.newBuilder().setFetch(next.request(self, context.settings()));
    ready.forEach(followed -> followed.stage = Followed.Stage.FETCHING);
    round = next;
    watch.onAsked(loop.clock().nanoTime());
    keepTicking();
    open.send(request, List.of(), ANSWER_NANOS, true, reply -> onReply(open, next, reply));
  }

  /** Those that can be fetched, beginning with another one each time. */
  private List<Followed> ready(Connection open) {
    int most = open.hello().getLimits().getMaxPartitionsPerRequest();
    List<Followed> ready = new ArrayList<>(partitions.size());
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.READY) {
        ready.add(followed);
      }
    }
    int count = ready.size();
    if (count > 1) {
      Collections.rotate(ready, -(rotation++ % count));
    }
    return most > 0 && count > most ? ready.subList(0, most) : ready;
  }

  private void onReply(Connection over, FetchRound asked, Reply reply) {
    round = null;
    if (!(reply instanceof Reply.Answered answered)) {
      again(asked);
      if (reply instanceof Reply.Unknown unknown && unknown.timedOut()) {
        over.close(); // and a new one is opened
      }
      return;
    }
    heard();
    if (answered.response().hasError()) {
      answered.memory().release();
      onRefused(asked, answered.response().getError().getCode());
      return;
    }
    FetchResponse response = answered.response().getFetch();
    Optional<List<FetchRound.Share>> shares = asked.split(response, answered.payload());
    if (shares.isEmpty()) {
      answered.memory().release();
      LOG.error("broker {}: its answer is not one to the fetch that was sent", leader.id());
      again(asked);
      over.close();
      return;
    }
    distribute(shares.get(), answered);
  }

  private void again(FetchRound asked) {
    for (Followed followed : asked.partitions()) {
      if (partitions.get(followed.id) == followed) {
        followed.stage = Followed.Stage.READY;
      }
    }
  }

  private void onRefused(FetchRound asked, ErrorCode code) {
    LOG.debug("broker {}: refused a fetch: {}", leader.id(), code);
    for (Followed followed : asked.partitions()) {
      if (partitions.get(followed.id) == followed) {
        pause(followed);
      }
    }
    fetch();
  }

  /**
   * To each shard its shares, in one message; the memory goes back when all have been worked in.
   */
  private void distribute(List<FetchRound.Share> shares, Reply.Answered answered) {
    Map<Integer, List<FetchRound.Share>> byShard = new LinkedHashMap<>();
    for (FetchRound.Share share : shares) {
      Followed followed = share.followed();
      if (partitions.get(followed.id) != followed) {
        continue;
      }
      if (isForTheLog(share.result())) {
        followed.wasRefused = share.result().hasError() || share.result().hasDivergence();
        followed.failures = followed.wasRefused ? followed.failures : 0;
        followed.stage = Followed.Stage.WORKING;
        byShard.computeIfAbsent(followed.shard, shard -> new ArrayList<>()).add(share);
      } else {
        LOG.debug("{}: broker {}: {}", followed.id, leader.id(), share.result().getError());
        pause(followed);
      }
    }
    int mine = ++distribution;
    working = byShard.size();
    byShard.forEach(
        (shard, its) -> {
          var memory = answered.memory().retain();
          context
              .shard(shard)
              .work(
                  its, memory::release, found -> deliver(() -> onWorked(mine, found)), this::late);
        });
    answered.memory().release();
    if (working == 0) {
      fetch();
    } else {
      patience = loop.schedule(SHARD_PATIENCE_NANOS, () -> endPatience(mine));
    }
  }

  /** A log can do something about being out of range; about all else only time can. */
  private static boolean isForTheLog(FetchResult result) {
    return !result.hasError() || result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE;
  }

  private void onWorked(int which, List<FollowerShard.Standing> standings) {
    standings.forEach(this::take);
    if (which == distribution && working > 0 && --working == 0) {
      cancel(patience);
    }
    fetch();
  }

  /** One that could not say at once where it stands does so now. */
  private void late(FollowerShard.Standing standing) {
    deliver(() -> onPositions(List.of(standing)));
  }

  private void endPatience(int which) {
    if (which == distribution && working > 0) {
      working = 0;
      distribution++;
      fetch();
    }
  }
}
