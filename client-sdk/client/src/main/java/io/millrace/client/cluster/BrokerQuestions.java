package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Metadata requests, one after another, over one connection to whichever broker answers. On the
 * client's loop.
 *
 * <p>A broker that says only what is doubted is left for another. A round goes once through the
 * live brokers and then the addresses the client was given: in random order, so that clients
 * spread, and the given ones always too, should the cluster say of itself what leads nowhere (B94).
 * Between rounds there are pauses that grow.
 */
final class BrokerQuestions implements Connection.Listener {
  /** Who has questions. */
  interface Asker {
    /** The topics to ask about now, none for the brokers only; null: nothing is to be asked. */
    @Nullable Set<String> next();

    /** Empty until it is known. */
    String clusterId();

    /** Where brokers are said to be. */
    Collection<Endpoint> live();

    /**
     * What came.
     *
     * @return why it is not believed, or not enough, so that another broker shall be asked; null:
     *     it is
     */
    @Nullable String answered(MetadataAnswer answer);

    /**
     * Whether what comes next had better be asked of another broker: this one has said again what
     * is doubted, and may have been cut off from the store for long.
     */
    boolean isInDoubt();

    /**
     * No answer came.
     *
     * @param isOverLimit whether for want of room among the broker's connections
     * @param everybody whether this was the last of a round
     */
    void failed(String why, boolean isOverLimit, boolean everybody);
  }

  private enum State {
    /** Next: CONNECTING. */
    IDLE,
    /** Next: READY, IDLE, PAUSING. */
    CONNECTING,
    /** Connected, nothing is asked. Next: ASKING, IDLE. */
    READY,
    /** Next: READY, IDLE, PAUSING. */
    ASKING,
    /** After a round without success. Next: IDLE. */
    PAUSING,
    CLOSED
  }

  private final Asker asker;
  private final List<Endpoint> given;
  private final BrokerDiscoverySettings settings;
  private final EventLoop loop;
  private final RandomGenerator random;
  private final Connector connector;

  private State state = State.IDLE;
  private @Nullable Connection connection;
  private @Nullable Timer pause;
  private Deque<Endpoint> round = new ArrayDeque<>();
  private @Nullable Endpoint last;
  private int failedRounds;

  BrokerQuestions(
      Asker asker,
      List<Endpoint> given,
      BrokerDiscoverySettings settings,
      EventLoop loop,
      RandomGenerator random,
      Connector connector) {
    this.asker = asker;
    this.given = given;
    this.settings = settings;
    this.loop = loop;
    this.random = random;
    this.connector = connector;
  }

  /** There may be something to ask. */
  void pump() {
    loop.assertInLoop();
    if (state != State.IDLE && state != State.READY) {
      return; // it comes to that by itself
    }
    Set<String> topics = asker.next();
    if (topics == null) {
      return;
    }
    Connection open = connection;
    if (state == State.READY && open != null) {
      ask(open, topics);
    } else {
      state = State.CONNECTING;
      connector.connect(nextAddress(), asker.clusterId(), this);
    }
  }

  private Endpoint nextAddress() {
    if (round.isEmpty()) {
      Set<Endpoint> all = new LinkedHashSet<>(shuffled(asker.live()));
      all.addAll(shuffled(given));
      round = new ArrayDeque<>(all);
      if (last != null && round.remove(last)) {
        round.addLast(last); // another one first
      }
    }
    Endpoint next = round.remove();
    last = next;
    return next;
  }

  private List<Endpoint> shuffled(Collection<Endpoint> addresses) {
    List<Endpoint> list = new ArrayList<>(addresses);
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, random.nextInt(i + 1));
    }
    return list;
  }

  private void ask(Connection open, Set<String> topics) {
    state = State.ASKING;
    open.send(
        Request.newBuilder().setMetadata(MetadataRequest.newBuilder().addAllTopics(topics)),
        List.of(),
        settings.requestTimeoutNanos(),
        true,
        reply -> ended(open, topics, reply));
  }

  private void ended(Connection asked, Set<String> topics, Reply reply) {
    String trouble;
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (state == State.CLOSED) {
        return;
      }
      if (answered.response().hasError()) {
        trouble = answered.response().getError().getMessage();
      } else {
        MetadataAnswer answer =
            MetadataAnswer.read(
                asked.hello().getBrokerId(), topics, answered.response().getMetadata());
        trouble = asker.answered(answer);
      }
    } else if (reply instanceof Reply.Unknown unknown) {
      trouble = unknown.why();
    } else {
      trouble = ((Reply.NotSent) reply).why();
    }
    if (state == State.CLOSED) {
      return;
    }
    if (trouble == null) {
      failedRounds = 0;
      round.clear();
      if (asker.isInDoubt()) {
        connection = null;
        asked.close();
      }
      state = asked.isOpen() ? State.READY : State.IDLE;
      pump();
    } else {
      connection = null;
      asked.close();
      failed(asked.remote() + ": " + trouble, false);
    }
  }

  private void failed(String why, boolean isOverLimit) {
    boolean everybody = round.isEmpty();
    asker.failed(why, isOverLimit, everybody);
    if (everybody) {
      state = State.PAUSING;
      long millis = settings.backoff().delayMillis(++failedRounds, random);
      pause = loop.schedule(MILLISECONDS.toNanos(millis), this::endPause);
    } else {
      state = State.IDLE;
      pump();
    }
  }

  private void endPause() {
    if (state == State.PAUSING) {
      state = State.IDLE;
      pump();
    }
  }

  @Override
  public void onReady(Connection opened) {
    if (state == State.CLOSED) {
      opened.close();
      return;
    }
    connection = opened;
    state = State.READY;
    pump();
  }

  @Override
  public void onFailed(Throwable cause) {
    if (state != State.CLOSED) {
      String why = cause.getMessage();
      failed(why != null ? why : cause.toString(), BrokerErrors.isOverLimit(cause));
    }
  }

  @Override
  public void onClosed(Connection closed, @Nullable Throwable cause) {
    if (connection == closed && state == State.READY) {
      connection = null;
      state = State.IDLE;
      pump();
    }
  }

  void close() {
    state = State.CLOSED;
    if (pause != null) {
      pause.cancel();
    }
    if (connection != null) {
      connection.close();
    }
  }
}
