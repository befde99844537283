package io.millrace.client.send;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.cluster.BrokerCall;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnsupportedFeatureException;
import io.millrace.wire.v1.ProducerIdRequest;
import io.millrace.wire.v1.ProducerIdResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The id by which brokers know this producer's batches again. Asked for when something is to be
 * sent first; until it is there, nothing goes out. On the client's loop.
 */
final class ProducerIdentity {
  private static final Logger log = LoggerFactory.getLogger(ProducerIdentity.class);

  private enum State {
    WANTED,
    ASKED,
    KNOWN,
    /** Not wanted, or these brokers know no such thing. */
    OFF
  }

  /** In a row, at least, when a call to all brokers has failed: the pause is long. */
  private static final int FAILURES = 5;

  private final Cluster cluster;
  private final Runnable whenKnown;
  private State state;
  private long id;
  private int firstEpoch;
  private String trouble = "";

  /**
   * @param whenKnown what waited may be sent
   */
  ProducerIdentity(Cluster cluster, boolean isWanted, Runnable whenKnown) {
    this.cluster = cluster;
    this.whenKnown = whenKnown;
    this.state = isWanted ? State.WANTED : State.OFF;
  }

  /** Whether batches are numbered; before it {@link #isSettled}: whether that is intended. */
  boolean isOn() {
    return state != State.OFF;
  }

  /** Whether batches may be sent; if not, asks for an id, unless that is under way. */
  boolean isSettled() {
    if (state == State.WANTED) {
      state = State.ASKED;
      ask();
    }
    return state == State.KNOWN || state == State.OFF;
  }

  long id() {
    return id;
  }

  /** In which the numbers of a partition begin. */
  int firstEpoch() {
    return firstEpoch;
  }

  /**
   * The numbers of a partition have ended in that epoch. Should it come to be sent to again, as the
   * same partition of a topic that was away for a while, its leader remembers them: under the same
   * epoch it would take what is new for what it has.
   */
  void ended(int epoch) {
    firstEpoch = Math.max(firstEpoch, epoch + 1);
  }

  /** Why there is none yet, for people. */
  String trouble() {
    return trouble;
  }

  private void ask() {
    BrokerCall.start(
        cluster,
        () -> Request.newBuilder().setProducerId(ProducerIdRequest.getDefaultInstance()),
        true,
        "",
        cluster.settings().requestTimeoutNanos(),
        this::answered);
  }

  private void answered(@Nullable Response response, @Nullable MillraceException failure) {
    if (response != null && response.hasProducerId()) {
      ProducerIdResponse given = response.getProducerId();
      if (given.getProducerId() >= 0 && given.getProducerEpoch() >= 0) {
        id = given.getProducerId();
        firstEpoch = given.getProducerEpoch();
        state = State.KNOWN;
        whenKnown.run();
        return;
      }
    }
    if (failure instanceof UnsupportedFeatureException) {
      log.warn(
          "these brokers give no producer ids: what is sent again after a lost answer may stand"
              + " twice in a topic; {}",
          failure.getMessage());
      state = State.OFF;
      whenKnown.run();
    } else if (!(failure instanceof ClosedException)) {
      trouble = "no producer id: " + (failure == null ? "nonsense" : failure.getMessage());
      state = State.WANTED;
      long millis = cluster.backoffMillis(FAILURES);
      cluster.loop().schedule(MILLISECONDS.toNanos(millis), whenKnown);
    }
  }
}
