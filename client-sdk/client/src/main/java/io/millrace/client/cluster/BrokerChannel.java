package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.Timer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to one broker, opened when it is wanted, with growing pauses while that fails.
 * On the client's loop.
 */
final class BrokerChannel implements Connection.Listener {
  private static final Logger log = LoggerFactory.getLogger(BrokerChannel.class);

  /** A connection that lived for less counts as one more failure: the broker flaps. */
  private static final long STEADY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private enum State {
    /** Not wanted since the last one ended. Next: CONNECTING. */
    IDLE,
    /** Next: READY, PAUSING. */
    CONNECTING,
    /** Next: IDLE, PAUSING. */
    READY,
    /** Not to be tried before a timer. Next: IDLE. */
    PAUSING,
    CLOSED
  }

  private final Cluster cluster;
  private Broker broker;
  private State state = State.IDLE;
  private volatile @Nullable CountedConnection connection;
  private final LongAdder opened;
  private final LongAdder failed;
  private @Nullable Timer pause;
  private long readySinceNanos;
  private int failures;

  /** The present connection, or the next, was opened by {@link #openAhead}, and not used since. */
  private boolean ahead;

  /** It worked until its connection was lost, and has not been tried since. */
  private boolean isMissed;

  private String trouble = "";

  /** It had no room for this connection when it was tried last. */
  private boolean isOverLimit;

  BrokerChannel(Cluster cluster, Broker broker) {
    this.cluster = cluster;
    this.broker = broker;
    String id = Integer.toString(broker.id());
    this.opened = cluster.figures().counter(MetricName.CONNECTIONS_OPENED, id);
    this.failed = cluster.figures().counter(MetricName.CONNECTIONS_FAILED, id);
    cluster.figures().gauge(MetricName.CONNECTION_OPEN, id, () -> connection == null ? 0 : 1);
  }

  /** The broker lives, perhaps a new life at a new place. */
  void update(Broker newest) {
    boolean reborn =
        newest.incarnation() != broker.incarnation()
            || !newest.host().equals(broker.host())
            || newest.port() != broker.port();
    broker = newest;
    if (reborn && state == State.PAUSING) {
      failures = 0;
      endPause();
    }
  }

  /** The open connection; null when there is none yet, and one is being opened. */
  @Nullable Connection get() {
    ahead = false;
    open();
    return state == State.READY ? connection : null;
  }

  /** Opens a connection that nobody uses yet; false when there is no need, or it is too early. */
  boolean openAhead() {
    if (state != State.IDLE) {
      return false;
    }
    ahead = true;
    open();
    return true;
  }

  /** A connection is there, or about to be, that nobody has used. */
  boolean isAhead() {
    return ahead && (state == State.CONNECTING || state == State.READY);
  }

  private void open() {
    if (state == State.IDLE) {
      state = State.CONNECTING;
      cluster
          .connector()
          .connect(new Endpoint(broker.host(), broker.port()), cluster.clusterId(), this);
    }
  }

  boolean isReady() {
    return state == State.READY;
  }

  /** Nothing has come over the open connection since. */
  boolean isSilentSince(long nanos) {
    CountedConnection open = connection;
    return open == null || open.isSilentSince(nanos);
  }

  /** Why there is no connection, for people; empty when nothing is known against it. */
  String trouble() {
    return trouble;
  }

  /** Whether that is for want of room among the broker's connections. */
  boolean isOverLimit() {
    return isOverLimit;
  }

  void close() {
    state = State.CLOSED;
    if (pause != null) {
      pause.cancel();
    }
    Connection open = connection;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void onReady(Connection ready) {
    if (state == State.CLOSED) {
      ready.close();
      return;
    }
    connection = new CountedConnection(ready, cluster.figures(), broker.id());
    String clusterId = ready.hello().getClusterId();
    if (ready.hello().getBrokerId() != broker.id()) {
      trouble =
          ready.remote() + " is broker " + ready.hello().getBrokerId() + ", not " + broker.id();
    } else if (!cluster.clusterId().isEmpty() && !clusterId.equals(cluster.clusterId())) {
      trouble = ready.remote() + " is of cluster " + clusterId + ", not of " + cluster.clusterId();
    } else {
      trouble = "";
      isOverLimit = false;
      opened.increment();
      log.debug("broker {}: connected", broker.id());
      state = State.READY;
      isMissed = false;
      readySinceNanos = cluster.clock().nanoTime();
      cluster.brokerChanged(broker.id());
      return;
    }
    ready.close(); // onClosed follows
  }

  @Override
  public void onFailed(Throwable cause) {
    String why = cause.getMessage();
    trouble = why != null ? why : cause.toString();
    failed.increment();
    boolean wasOverLimit = isOverLimit;
    isOverLimit = BrokerErrors.isOverLimit(cause);
    if (isOverLimit && !wasOverLimit) { // nothing else may tell: a consumer just reads nothing
      log.warn("broker {}: {}; it is tried again", broker.id(), trouble);
    }
    if (isMissed) {
      isMissed = false;
      cluster.lost(broker.id());
    }
    pause();
  }

  @Override
  public void onRoom(Connection roomy) {
    cluster.brokerChanged(broker.id());
  }

  @Override
  public void onClosed(Connection closed, @Nullable Throwable cause) {
    connection = null;
    failed.increment();
    if (state == State.READY) {
      trouble = "the connection closed" + (cause == null ? "" : ": " + cause.getMessage());
      if (cluster.clock().nanoTime() - readySinceNanos >= STEADY_NANOS) {
        // It worked until now: once without a pause.
        failures = 0;
        log.debug("broker {}: {}", broker.id(), trouble);
        state = State.IDLE;
        isMissed = true;
        cluster.connectToSuccessors(broker.id());
        cluster.discovery().doubt();
        cluster.brokerChanged(broker.id());
        if (cluster.isLeader(broker.id())) {
          get(); // whether it is gone is worth knowing at once
        }
        return;
      }
    }
    pause();
  }

  private void pause() {
    if (state == State.CLOSED) {
      return;
    }
    failures++;
    cluster.discovery().doubt();
    long millis = cluster.backoffMillis(failures);
    log.debug("broker {} in {} ms again: {}", broker.id(), millis, trouble);
    state = State.PAUSING;
    pause = cluster.loop().schedule(TimeUnit.MILLISECONDS.toNanos(millis), this::endPause);
    cluster.brokerChanged(broker.id());
  }

  private void endPause() {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
    if (state == State.PAUSING) {
      state = State.IDLE;
      cluster.brokerChanged(broker.id());
    }
  }
}
