package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.Backoff;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.PartitionId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * To one life of one other broker: a connection to its internal listener, over which {@link
 * LinkFetches} copies all partitions that it leads and that have a replica here, and a watch on
 * whether it still answers. Owner: its loop.
 *
 * <p>A broker that follows what is led here, and leads nothing itself, is sent fetches of nothing:
 * so it is missed as soon as one that leads. To any other live broker there is a connection over
 * which nothing is sent: it may be the one that is followed after the next election, and then
 * producers wait for the first fetch. Nobody is suspected for such a connection.
 */
final class PeerLink implements Connection.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  private static final long LASTING_NANOS = SECONDS.toNanos(1);
  private static final Backoff RECONNECT = new Backoff(20, 500);

  private final BrokerImage peer;
  private final Endpoint address;
  private final EventLoop loop;
  private final LinkContext context;
  private final PeerWatch watch;
  private final LinkFetches fetches;

  /** It has replicas of what is led here. */
  private boolean watched;

  /** Connected to before there is a use for it. */
  private boolean kept;

  private @Nullable Connection connection;
  private boolean connecting;
  private int failedConnects;
  private boolean closed;

  private long suspectedNanos;
  private boolean isToldToPeople;

  private @Nullable Timer reconnect;
  private @Nullable Timer tick;

  /** On any thread; everything else on the loop. */
  PeerLink(BrokerImage peer, Endpoint address, EventLoop loop, LinkContext context) {
    this.peer = peer;
    this.address = address;
    this.loop = loop;
    this.context = context;
    this.watch =
        new PeerWatch(context.newSilenceLimit(), context.tickNanos(), loop.clock().nanoTime());
    this.fetches = new LinkFetches(peer, loop, context, new OfFetches());
  }

  EventLoop loop() {
    return loop;
  }

  // ---- What it is for --------------------------------------------------------------------------

  void follow(PartitionId id, int leaderEpoch) {
    loop.assertInLoop();
    if (!closed) {
      connectAtOnce();
      fetches.partitions().add(id, leaderEpoch);
      connect();
    }
  }

  /** The connection stays: it costs little, and may be wanted again at the next election. */
  void unfollow(PartitionId id) {
    loop.assertInLoop();
    fetches.partitions().remove(id);
    fetches.fetch();
  }

  /** Whether to ask it also while there is nothing to fetch. */
  void watch(boolean on) {
    loop.assertInLoop();
    connectAtOnce();
    watched = on;
    connect();
    fetches.fetch();
  }

  /** Connects, and stays connected, whether there is a use for it or not. */
  void keep() {
    loop.assertInLoop();
    kept = true;
    connect();
  }

  /** What nobody was waiting for is not waited for by the first who does. */
  private void connectAtOnce() {
    if (!isInUse() && reconnect != null) {
      reconnect.cancel();
      reconnect = null;
      failedConnects = 0;
    }
  }

  /** For good: that life of the broker is over, or ours is. */
  void close() {
    loop.assertInLoop();
    closed = true;
    fetches.close();
    cancel(tick);
    cancel(reconnect);
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
  private boolean isInUse() {
    return !closed && (watched || !fetches.partitions().isEmpty() || watch.isSuspected());
  }

  private boolean isNeeded() {
    return !closed && (kept || isInUse());
  }

  // ---- The connection --------------------------------------------------------------------------

  private void connect() {
    if (!isNeeded() || connection != null || reconnect != null) {
      return;
    }
    if (isInUse()) {
      watch.onAsked(loop.clock().nanoTime()); // also of one that was being connected ahead
      keepTicking();
    }
    if (!connecting) {
      connecting = true;
      RpcClient.connect(context.transport(), loop, address, context.connectionSettings(), this);
    }
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
    fetches.onConnected(ready);
  }

  @Override
  public void onFailed(Throwable cause) {
    connecting = false;
    String why = cause.getMessage();
    onUnreachable(why == null ? "cannot connect: " + cause : why);
  }

  @Override
  public void onClosed(Connection was, @Nullable Throwable cause) {
    if (connection != was) {
      return;
    }
    connection = null;
    fetches.onDisconnected();
    if (isNeeded()) {
      LOG.debug("broker {}: connection lost; connecting again", peer.id(), cause);
      connect();
    }
  }

  private void onUnreachable(String how) {
    if (!isNeeded()) {
      return;
    }
    if (isInUse()) {
      tell(watch.onRefused(how));
    }
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
    if (tick == null && isInUse()) {
      tick =
          loop.schedule(
              context.tickNanos(),
              () -> {
                tick = null;
                tell(watch.onTick(loop.clock().nanoTime()));
                tellPeopleWhatLasts();
                keepTicking();
              });
    }
  }

  private void heard() {
    long now = loop.clock().nanoTime();
    tell(watch.onHeard(now));
    if (fetches.isAnyOut()) {
      watch.onAsked(now); // there is more to be heard
    }
  }

  private void tell(PeerWatch.Verdict verdict) {
    if (verdict == PeerWatch.Verdict.SUSPECTED) {
      LOG.debug(
          "broker {} (incarnation {}) is suspected: {}",
          peer.id(),
          peer.incarnation(),
          watch.why());
      suspectedNanos = loop.clock().nanoTime();
      context.suspected(peer.id(), peer.incarnation(), watch.why());
    } else if (verdict == PeerWatch.Verdict.CLEARED) {
      String line = "broker {} (incarnation {}) answers again";
      if (isToldToPeople) {
        LOG.info(line, peer.id(), peer.incarnation());
      } else {
        LOG.debug(line, peer.id(), peer.incarnation());
      }
      isToldToPeople = false;
      context.cleared(peer.id(), peer.incarnation());
    }
  }

  /** On a loaded machine suspicions come and go; whoever acts on one tells that by itself. */
  private void tellPeopleWhatLasts() {
    if (watch.isSuspected()
        && !isToldToPeople
        && loop.clock().nanoTime() - suspectedNanos >= LASTING_NANOS) {
      isToldToPeople = true;
      LOG.info(
          "broker {} (incarnation {}) has been suspected for a second: {}",
          peer.id(),
          peer.incarnation(),
          watch.why());
    }
  }

  /** What the fetches tell of the other side. */
  private final class OfFetches implements LinkFetches.Listener {
    @Override
    public boolean isNeeded() {
      return isInUse();
    }

    @Override
    public void onAsked() {
      watch.onAsked(loop.clock().nanoTime());
      keepTicking();
    }

    @Override
    public void onHeard(boolean isStarting) {
      watch.setStarting(isStarting);
      heard();
    }
  }
}
