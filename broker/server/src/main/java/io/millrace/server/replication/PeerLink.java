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
import io.millrace.server.partition.PartitionId;
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
 * To one life of one other broker: a connection to its internal listener, one fetch at a time for
 * all partitions that it leads and that have a replica here, and a watch on whether it still
 * answers. Owner: its loop.
 *
 * <p>While that fetch waits at the other side, a second one that does not wait may go out, for
 * partitions that have become ready meanwhile: they need not wait for the others.
 *
 * <p>A broker that follows what is led here, and leads nothing itself, is sent fetches of nothing:
 * so it is missed as soon as one that leads.
 */
final class PeerLink implements Connection.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  /** A broker that has not answered by then is asked again over another connection. */
  private static final long ANSWER_NANOS = MILLISECONDS.toNanos(2_000);

  /** A shard that works on its results for longer does not hold up the partitions of others. */
  private static final long SHARD_PATIENCE_NANOS = MILLISECONDS.toNanos(10);

  private static final Backoff RECONNECT = new Backoff(20, 500);

  private final BrokerImage peer;
  private final Endpoint address;
  private final EventLoop loop;
  private final LinkContext context;
  private final PeerWatch watch;
  private final FollowedPartitions partitions;

  /** It has replicas of what is led here. */
  private boolean watched;

  private @Nullable Connection connection;
  private boolean connecting;
  private int failedConnects;
  private boolean closed;

  private @Nullable FetchRound patientRound;
  private @Nullable FetchRound quickRound;
  private @Nullable Distribution distribution;
  private @Nullable Timer afterRefusal;
  private @Nullable Timer reconnect;
  private @Nullable Timer tick;

  /** The results of a patient fetch, while shards work on them. */
  private static final class Distribution {
    int shards;
    @Nullable Timer patience;
  }

  /** On any thread; everything else on the loop. */
  PeerLink(BrokerImage peer, Endpoint address, EventLoop loop, LinkContext context) {
    this.peer = peer;
    this.address = address;
    this.loop = loop;
    this.context = context;
    this.watch =
        new PeerWatch(context.newSilenceLimit(), context.tickNanos(), loop.clock().nanoTime());
    this.partitions = new FollowedPartitions(loop, context, this::fetch);
  }

  EventLoop loop() {
    return loop;
  }

  // ---- What it is for --------------------------------------------------------------------------

  void follow(PartitionId id, int leaderEpoch) {
    loop.assertInLoop();
    if (!closed) {
      partitions.add(id, leaderEpoch);
      connect();
    }
  }

  /** The connection stays: it costs little, and may be wanted again at the next election. */
  void unfollow(PartitionId id) {
    loop.assertInLoop();
    partitions.remove(id);
  }

  /** Whether to ask it also while there is nothing to fetch. */
  void watch(boolean on) {
    loop.assertInLoop();
    watched = on;
    connect();
    fetch();
  }

  /** For good: that life of the broker is over, or ours is. */
  void close() {
    loop.assertInLoop();
    closed = true;
    partitions.clear();
    cancel(tick);
    cancel(reconnect);
    cancel(afterRefusal);
    Connection open = connection;
    if (open != null) {
      open.close();
    }
    if (watch.isSuspected()) {
      context.cleared(peer.id(), peer.incarnation());
    }
  }

  private static void cancel(@Nullable Timer timer) {
    if (timer != null) {
      timer.cancel();
    }
  }

  /** A suspected broker is asked on, so that the suspicion can end. */
  private boolean isNeeded() {
    return !closed && (watched || !partitions.isEmpty() || watch.isSuspected());
  }

  // ---- The connection --------------------------------------------------------------------------

  private void connect() {
    if (!isNeeded() || connection != null || connecting || reconnect != null) {
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
    if (ready.hello().getBrokerId() != peer.id() || incarnation != peer.incarnation()) {
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
    LOG.debug("broker {} (incarnation {}): connected", peer.id(), peer.incarnation());
    heard();
    fetch();
  }

  @Override
  public void onFailed(Throwable cause) {
    connecting = false;
    onUnreachable("cannot connect: " + cause.getMessage());
  }

  @Override
  public void onClosed(Connection was, @Nullable Throwable cause) {
    if (connection != was) {
      return;
    }
    connection = null;
    if (isNeeded()) {
      LOG.debug("broker {}: connection lost; connecting again", peer.id(), cause);
      connect();
    }
  }

  private void onUnreachable(String how) {
    if (!isNeeded()) {
      return;
    }
    tell(watch.onRefused(how));
    failedConnects++;
    reconnect =
        loop.schedule(
            MILLISECONDS.toNanos(RECONNECT.delayMillis(failedConnects, context.random())),
            () -> {
              reconnect = null;
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
    long now = loop.clock().nanoTime();
    tell(watch.onHeard(now));
    if (patientRound != null || quickRound != null) {
      watch.onAsked(now); // there is more to be heard
    }
  }

  private void tell(PeerWatch.Verdict verdict) {
    if (verdict == PeerWatch.Verdict.SUSPECTED) {
      LOG.info(
          "broker {} (incarnation {}) is suspected: {}",
          peer.id(),
          peer.incarnation(),
          watch.why());
      context.suspected(peer.id(), peer.incarnation(), watch.why());
    } else if (verdict == PeerWatch.Verdict.CLEARED) {
      LOG.info("broker {} (incarnation {}) answers again", peer.id(), peer.incarnation());
      context.cleared(peer.id(), peer.incarnation());
    }
  }

  // ---- The fetch -------------------------------------------------------------------------------

  /** Sends what can be sent now, if anything. */
  private void fetch() {
    Connection open = connection;
    int incarnation = context.incarnation();
    if (open == null || afterRefusal != null || !isNeeded()) {
      return;
    }
    if (incarnation == 0) {
      partitions.ready(0).forEach(partitions::pause); // we are nobody at the moment
      return;
    }
    int most = open.hello().getLimits().getMaxPartitionsPerRequest();
    if (patientRound == null && distribution == null) {
      List<Followed> ready = partitions.ready(most);
      if (!ready.isEmpty() || !partitions.isAnyOnItsWay()) {
        FetchRound round = FetchRound.patient(ready);
        patientRound = round;
        send(open, round, incarnation);
      }
    } else if (patientRound != null && quickRound == null) {
      List<Followed> ready = partitions.readyWithNews(most);
      if (!ready.isEmpty()) {
        FetchRound round = FetchRound.quick(ready);
        quickRound = round;
        send(open, round, incarnation);
      }
    }
  }

  private void send(Connection open, FetchRound round, int incarnation) {
    Follower self =
        Follower.newBuilder()
            .setBrokerId(context.self())
            .setIncarnation(incarnation)
            .setDraining(context.isDraining())
            .build();
    Request.Builder request =
        Request.newBuilder().setFetch(round.request(self, context.settings()));
    partitions.onSent(round);
    watch.onAsked(loop.clock().nanoTime());
    keepTicking();
    open.send(request, List.of(), ANSWER_NANOS, true, reply -> onReply(open, round, reply));
  }

  private void onReply(Connection over, FetchRound round, Reply reply) {
    boolean patient = round.isPatient();
    if (patient) {
      patientRound = null;
    } else {
      quickRound = null;
    }
    if (!(reply instanceof Reply.Answered answered)) {
      partitions.again(round);
      if (reply instanceof Reply.Unknown unknown && unknown.timedOut()) {
        over.close(); // and a new one is opened
      }
      return;
    }
    heard();
    if (answered.response().hasError()) {
      answered.memory().release();
      onRefused(round, answered.response().getError().getCode());
      return;
    }
    Optional<List<FetchRound.Share>> shares =
        round.split(answered.response().getFetch(), answered.payload());
    if (shares.isEmpty()) {
      answered.memory().release();
      LOG.error("broker {}: its answer is not one to the fetch that was sent", peer.id());
      partitions.again(round);
      over.close();
      return;
    }
    distribute(shares.get(), answered, patient ? new Distribution() : null);
  }

  private void onRefused(FetchRound round, ErrorCode code) {
    LOG.debug("broker {}: refused a fetch: {}", peer.id(), code);
    for (Followed followed : round.partitions()) {
      if (partitions.contains(followed)) {
        partitions.pause(followed);
      }
    }
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
   *
   * @param mine whom to tell when the shards have done; null of a quick fetch, which nobody waits
   *     for
   */
  private void distribute(
      List<FetchRound.Share> shares, Reply.Answered answered, @Nullable Distribution mine) {
    Map<Integer, List<FetchRound.Share>> byShard = new LinkedHashMap<>();
    for (FetchRound.Share share : shares) {
      Followed followed = share.followed();
      if (!partitions.contains(followed)) {
        continue;
      }
      FetchResult result = share.result();
      if (isForTheLog(result)) {
        followed.wasRefused = result.hasError() || result.hasDivergence();
        followed.failures = followed.wasRefused ? followed.failures : 0;
        followed.stage = Followed.Stage.WORKING;
        byShard.computeIfAbsent(followed.shard, shard -> new ArrayList<>()).add(share);
      } else {
        LOG.debug("{}: broker {}: {}", followed.id, peer.id(), result.getError());
        partitions.pause(followed);
      }
    }
    if (mine != null && !byShard.isEmpty()) {
      distribution = mine;
      mine.shards = byShard.size();
      mine.patience = loop.schedule(SHARD_PATIENCE_NANOS, () -> goOnWithout(mine));
    }
    byShard.forEach(
        (shard, its) -> {
          var memory = answered.memory().retain();
          context
              .shard(shard)
              .work(
                  its,
                  memory::release,
                  found -> context.deliver(loop, () -> onWorked(mine, found)),
                  late -> context.deliver(loop, () -> onWorked(null, List.of(late))));
        });
    answered.memory().release();
    fetch();
  }

  /** A log can do something about being out of range; about all else only time can. */
  private static boolean isForTheLog(FetchResult result) {
    return !result.hasError() || result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE;
  }

  private void onWorked(@Nullable Distribution mine, List<FollowerShard.Standing> standings) {
    partitions.take(standings);
    if (mine != null && mine == distribution && --mine.shards == 0) {
      distribution = null;
      cancel(mine.patience);
    }
    fetch();
  }

  private void goOnWithout(Distribution mine) {
    if (mine == distribution) {
      distribution = null;
      fetch();
    }
  }
}
