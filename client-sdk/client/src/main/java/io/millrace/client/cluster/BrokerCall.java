package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request that any broker may answer, or one certain broker: asked of one after another, with
 * pauses between rounds, until one answers or the time is up. On the client's loop.
 */
public final class BrokerCall implements ClusterListener {
  private static final int ANY = -1;

  private final Cluster cluster;
  private final int only;
  private final Supplier<Request.Builder> request;
  private final boolean repeatable;
  private final String topic;
  private final long deadlineNanos;
  private final Done<Response> done;
  private final Set<Integer> failedThisRound = new HashSet<>();
  private final Timer limit;

  private boolean ended;
  private int waitingFor = -1;
  private boolean inFlight;
  private boolean asked;
  private boolean pausing;

  // Of a call to one certain broker that is not known to be alive.
  private boolean lookingAgain;
  private boolean isNewestKnown;

  private int rounds;
  private String trouble = "";
  private int troubledBy = ANY;

  /** What the broker that was asked last said; null: nothing. */
  private @Nullable MillraceException lastAnswer;

  private BrokerCall(
      Cluster cluster,
      int only,
      Supplier<Request.Builder> request,
      boolean repeatable,
      String topic,
      long timeoutNanos,
      Done<Response> done) {
    this.only = only;
    this.topic = topic;
    this.done = done;
    this.cluster = cluster;
    this.request = request;
    this.repeatable = repeatable;
    this.deadlineNanos = cluster.clock().nanoTime() + timeoutNanos;
    this.limit = cluster.loop().schedule(timeoutNanos, this::timeUp);
  }

  /**
   * Asks.
   *
   * @param repeatable whether doing it twice does no harm
   * @param topic what it is about, for exceptions; empty for the cluster
   * @param done hears the answer, never one with an error
   */
  public static BrokerCall start(
      Cluster cluster,
      Supplier<Request.Builder> request,
      boolean repeatable,
      String topic,
      long timeoutNanos,
      Done<Response> done) {
    return start(
        cluster, new BrokerCall(cluster, ANY, request, repeatable, topic, timeoutNanos, done));
  }

  /**
   * Asks that broker, and no other, what may be asked twice; fails when it is not among the live
   * ones, also when somebody has been asked who is.
   */
  public static BrokerCall startAt(
      int brokerId,
      Cluster cluster,
      Supplier<Request.Builder> request,
      long timeoutNanos,
      Done<Response> done) {
    return start(cluster, new BrokerCall(cluster, brokerId, request, true, "", timeoutNanos, done));
  }

  private static BrokerCall start(Cluster cluster, BrokerCall call) {
    cluster.loop().assertInLoop();
    cluster.addListener(call);
    call.attempt();
    return call;
  }

  @Override
  public void onBroker(int brokerId) {
    if (ended || inFlight || pausing) {
      return;
    }
    if (brokerId == waitingFor && cluster.connection(brokerId) == null) {
      brokerFailed(brokerId, cluster.trouble(brokerId));
    }
    attempt();
  }

  private void attempt() {
    List<Integer> ids = cluster.brokerIds();
    if (only != ANY && !ids.isEmpty()) {
      if (!ids.contains(only)) {
        trouble = "broker " + only + " is not among the live brokers " + ids;
        if (isNewestKnown) {
          fail(new BrokerUnavailableException(trouble));
        } else {
          lookAgain();
        }
        return;
      }
      ids = List.of(only);
    }
    for (int id : ids) {
      if (!failedThisRound.contains(id)) {
        waitingFor = id;
        Connection connection = cluster.connection(id);
        if (connection != null && connection.canSend(0)) {
          send(id, connection);
        }
        return; // else until onBroker
      }
    }
    waitingFor = -1;
    if (!ids.isEmpty()) {
      pause();
    } // else until the first broker is known
  }

  /** It may have restarted since this client heard of the brokers: asks once who is alive. */
  private void lookAgain() {
    if (lookingAgain) {
      return;
    }
    lookingAgain = true;
    cluster
        .discovery()
        .lookup(List.of())
        .whenComplete(
            (newest, e) ->
                cluster
                    .loop()
                    .execute(
                        () -> {
                          isNewestKnown = true; // or nobody tells
                          if (!ended && !inFlight && !pausing) {
                            attempt();
                          }
                        }));
  }

  private void pause() {
    failedThisRound.clear();
    pausing = true;
    long nanos = MILLISECONDS.toNanos(cluster.backoffMillis(++rounds));
    cluster
        .loop()
        .schedule(
            nanos,
            () -> {
              pausing = false;
              if (!ended) {
                attempt();
              }
            });
  }

  private void brokerFailed(int brokerId, String why) {
    failedThisRound.add(brokerId);
    lastAnswer = null;
    troubledBy = brokerId;
    trouble = "broker " + brokerId + ": " + why;
  }

  private void send(int brokerId, Connection connection) {
    inFlight = true;
    asked = true;
    troubledBy = brokerId;
    trouble = "broker " + brokerId + " has not answered";
    long leftNanos = Math.max(1, deadlineNanos - cluster.clock().nanoTime());
    connection.send(
        request.get(),
        List.of(),
        Math.min(leftNanos, cluster.settings().requestTimeoutNanos()),
        true,
        reply -> {
          inFlight = false;
          ended(brokerId, connection, reply);
        });
  }

  private void ended(int brokerId, Connection connection, Reply reply) {
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (!ended) {
        answered(brokerId, answered.response());
      }
      return;
    }
    if (reply instanceof Reply.Unknown unknown) {
      if (unknown.timedOut()) {
        connection.close();
      }
      brokerFailed(brokerId, unknown.why());
      if (!repeatable) {
        fail(new OutcomeUnknownException(trouble));
      }
    } else if (reply instanceof Reply.NotSent notSent) {
      brokerFailed(brokerId, notSent.why());
    }
    if (!ended) {
      attempt();
    }
  }

  private void answered(int brokerId, Response response) {
    if (!response.hasError()) {
      end();
      done.done(response, null);
      return;
    }
    Error error = response.getError();
    MillraceException e = BrokerErrors.exception(error, topic, -1);
    brokerFailed(brokerId, error.getMessage());
    lastAnswer = e;
    boolean again =
        switch (BrokerErrors.verdict(error)) {
          case LATER -> true;
          case LOOK_AGAIN, NEVER -> false;
          case UNKNOWN -> repeatable && !BrokerErrors.isFault(error);
        };
    if (again) {
      attempt();
    } else {
      boolean unknown = BrokerErrors.verdict(error) == BrokerErrors.Verdict.UNKNOWN;
      fail(!repeatable && unknown ? new OutcomeUnknownException(message(e), e) : e);
    }
  }

  private static String message(MillraceException e) {
    return String.valueOf(e.getMessage());
  }

  private void timeUp() {
    @Nullable MillraceException answer = lastAnswer;
    if (inFlight && !repeatable) {
      fail(new OutcomeUnknownException("no answer in time from broker " + waitingFor));
    } else if (answer != null) {
      fail(Cluster.late("not done in time; " + trouble, answer));
    } else if (asked) {
      fail(cluster.late(troubledBy, "no answer in time; " + trouble));
    } else if (trouble.isEmpty()) {
      String unknown = "no broker is known; " + cluster.discovery().trouble();
      boolean isOverLimit = cluster.brokerIds().isEmpty() && cluster.discovery().isOverLimit();
      fail(cluster.unreachable(isOverLimit, "no broker could be asked in time; " + unknown));
    } else {
      fail(
          cluster.unreachable(
              cluster.isOverLimit(troubledBy), "no broker could be asked in time; " + trouble));
    }
  }

  /** Ends it: what it may have done is unknown if a request is under way. */
  public void close() {
    if (inFlight && !repeatable) {
      fail(new OutcomeUnknownException("the client was closed before the answer came"));
    } else {
      fail(new ClosedException("the client has been closed"));
    }
  }

  private void fail(MillraceException e) {
    if (!ended) {
      end();
      done.done(null, e);
    }
  }

  private void end() {
    ended = true;
    limit.cancel();
    cluster.removeListener(this);
  }
}
