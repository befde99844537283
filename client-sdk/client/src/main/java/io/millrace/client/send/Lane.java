package io.millrace.client.send;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What goes to one broker: the partitions it leads that have something to send, and how much is
 * under way. On the client's loop, but for {@link #inFlightBytes}.
 *
 * <p>Coalescing by backlog: with nothing under way, what there is goes out at once, be it one
 * record. While something is, a further request is sent only when it is worth its while; the rest
 * is packed when an answer comes. An answer that is slow to come, because one partition's records
 * wait for a replica that is ill, holds up nobody who has nothing under way.
 */
final class Lane {
  /** A further request beside those under way carries at least this much. */
  private static final int WORTH_BYTES = 64 << 10;

  /** Room for the head of a request, beside its batches. */
  static final int HEAD_BYTES = 256;

  private static final int DEFAULT_MAX_PARTITIONS = 1000;

  /** So long others wait for an answer; it is much more than a broker in health needs. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final long FLOWING_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long STAND_BY_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final SendEngine engine;
  private final int brokerId;
  private final LinkedHashSet<PartitionSender> ready = new LinkedHashSet<>();

  /** In the order of sending. */
  private final Deque<ProduceExchange> underWay = new ArrayDeque<>();

  private @Nullable Timer patience;
  private volatile long inFlightBytes;
  private volatile boolean hasFlowed;
  private volatile long flowedNanos;
  private long stoodByNanos;
  private @Nullable Timer lingering;
  private @Nullable Timer retry;
  private int failures;

  Lane(SendEngine engine, int brokerId) {
    this.engine = engine;
    this.brokerId = brokerId;
  }

  int brokerId() {
    return brokerId;
  }

  /** From any thread. */
  long inFlightBytes() {
    return inFlightBytes;
  }

  /** From any thread: whether the broker took records a moment ago. */
  boolean isFlowing() {
    return hasFlowed && engine.nowNanos() - flowedNanos < FLOWING_NANOS;
  }

  /** The broker has taken records. Whoever may take its place is connected to from then on. */
  void flowed() {
    long now = engine.nowNanos();
    if (!hasFlowed || now - stoodByNanos >= STAND_BY_NANOS) {
      stoodByNanos = now;
      engine.cluster().connectAhead(brokerId);
    }
    flowedNanos = now;
    hasFlowed = true;
  }

  void add(PartitionSender sender) {
    ready.add(sender);
  }

  void remove(PartitionSender sender) {
    ready.remove(sender);
  }

  /** Sends what may be sent now. */
  void pump() {
    if (ready.isEmpty()) {
      return;
    }
    boolean isSettled = engine.identity().isSettled();
    Connection connection = engine.cluster().connection(brokerId);
    if (connection == null) {
      notConnected();
      return;
    }
    if (!isSettled) {
      ready.forEach(sender -> sender.setTrouble(engine.identity().trouble()));
      return;
    }
    failures = 0;
    engine.learn(connection.hello().getLimits());
    if (!sendFailing(connection)) {
      return; // until there is room again
    }
    while (maySend(connection)) {
      List<Share> shares = gather(connection.hello().getLimits(), sound());
      if (shares.isEmpty()) {
        linger();
        return;
      }
      engine.send(this, connection, shares);
    }
    passTheSlow(connection);
  }

  /**
   * Who has failed has requests beside the others', and before them: its next try may be as late as
   * the last one, and whoever goes in the same request would wait for that answer. It is rare, and
   * comes with growing pauses.
   *
   * @return false: one of them needs more room than there is, and must not be passed over for ever
   */
  private boolean sendFailing(Connection connection) {
    while (isAnyFailing()) {
      List<PartitionSender> failing = ready.stream().filter(PartitionSender::isFailing).toList();
      if (!underWay.isEmpty()) {
        int room = room();
        if (!connection.canSend(room)
            || failing.stream().anyMatch(sender -> sender.queue().headBytes() > room)) {
          return false;
        }
      }
      List<Share> shares = gather(connection.hello().getLimits(), failing);
      if (shares.isEmpty()) {
        return true;
      }
      engine.send(this, connection, shares);
    }
    return true;
  }

  private Collection<PartitionSender> sound() {
    return isAnyFailing() ? ready.stream().filter(sender -> !sender.isFailing()).toList() : ready;
  }

  private boolean isAnyFailing() {
    for (PartitionSender sender : ready) {
      if (sender.isFailing()) {
        return true;
      }
    }
    return false;
  }

  /** Sends what has nothing under way beside what is slow to be answered, now or in a moment. */
  private void passTheSlow(Connection connection) {
    ProduceExchange last = underWay.peekLast();
    if (last == null || ready.isEmpty()) {
      return;
    }
    long leftNanos = PATIENCE_NANOS - (engine.nowNanos() - last.sentNanos());
    if (leftNanos > 0) {
      if (patience == null) {
        patience = engine.cluster().loop().schedule(leftNanos, this::patienceEnds);
      }
      return;
    }
    List<PartitionSender> heldUp = sound().stream().filter(sender -> !sender.isUnderWay()).toList();
    if (!heldUp.isEmpty() && room() > 0 && connection.canSend(room())) {
      List<Share> shares = gather(connection.hello().getLimits(), heldUp);
      if (shares.isEmpty()) {
        linger();
      } else {
        engine.send(this, connection, shares);
        passTheSlow(connection); // who is left waits for this one, as long as for any
      }
    }
  }

  private void patienceEnds() {
    patience = null;
    pump();
  }

  private boolean maySend(Connection connection) {
    if (ready.isEmpty()) {
      return false;
    }
    if (underWay.isEmpty()) {
      return connection.canSend(0);
    }
    long waiting = 0;
    for (PartitionSender sender : ready) {
      int queued = sender.queue().queuedBytes();
      // A partition sends beside what it has under way only what fills a request: small ones cost
      // more than the wait, and what waits is packed when the answer comes.
      if (!sender.isUnderWay() || queued >= engine.settings().requestBytes()) {
        waiting += queued;
      }
      if (waiting >= WORTH_BYTES) {
        return room() >= WORTH_BYTES && connection.canSend(room());
      }
    }
    return false;
  }

  /** For one more request. */
  private int room() {
    long left = Math.max(0, engine.settings().maxInFlightBytes() - inFlightBytes);
    return (int) Math.min(left, engine.settings().requestBytes());
  }

  /**
   * Takes batches out of the queues for one request; a batch that is larger than a request may be
   * goes when nothing else is under way.
   *
   * @param from ready ones
   */
  private List<Share> gather(Limits limits, Collection<PartitionSender> from) {
    int room = room();
    if (limits.getMaxRequestSize() > 0) {
      room = Math.min(room, Math.max(1, limits.getMaxRequestSize() - 16 * HEAD_BYTES));
    }
    int maxPartitions = limits.getMaxPartitionsPerRequest();
    if (maxPartitions <= 0) {
      maxPartitions = DEFAULT_MAX_PARTITIONS;
    }
    long begunBefore = engine.begunBefore(engine.nowNanos());
    List<Share> shares = new ArrayList<>();
    for (PartitionSender sender : List.copyOf(from)) {
      if (room <= 0 || shares.size() == maxPartitions) {
        break;
      }
      List<SendBatch> batches = new ArrayList<>();
      boolean anySize = shares.isEmpty() && underWay.isEmpty();
      sender.mend();
      int bytes = sender.queue().take(room, anySize, sender.room(), begunBefore, batches);
      if (!batches.isEmpty()) {
        sender.number(batches);
        Share share = engine.share(sender, batches, bytes);
        shares.add(share);
        sender.goesOut(share);
        room -= bytes + HEAD_BYTES;
      } else if (sender.queue().isEmpty()) {
        sender.empty();
      } else if (shares.isEmpty() && sender.queue().headBytes() > room) {
        break; // the next in turn needs more room: it must not be passed over for ever
      }
    }
    return shares;
  }

  /** Everything that is ready lingers, or is being finished by a caller, who will signal. */
  private void linger() {
    long lingerNanos = engine.settings().lingerNanos();
    if (lingerNanos == 0 || lingering != null || ready.isEmpty()) {
      return;
    }
    long now = engine.nowNanos();
    long age = 0;
    for (PartitionSender sender : ready) {
      age = Math.max(age, sender.queue().oldestAgeNanos(now));
    }
    lingering =
        engine
            .cluster()
            .loop()
            .schedule(
                Math.max(lingerNanos - age, 0),
                () -> {
                  lingering = null;
                  pump();
                });
  }

  /** Until its connection opens; perhaps others lead by then. */
  private void notConnected() {
    for (PartitionSender sender : ready) {
      sender.setTrouble("broker " + brokerId + ": " + engine.cluster().trouble(brokerId), brokerId);
    }
    if (retry == null) {
      long millis = engine.cluster().backoffMillis(++failures);
      retry =
          engine.cluster().loop().schedule(TimeUnit.MILLISECONDS.toNanos(millis), this::retryNow);
    }
  }

  private void retryNow() {
    retry = null;
    List<PartitionSender> waiting = List.copyOf(ready);
    for (PartitionSender sender : waiting) {
      engine.cluster().lookAgain(sender.topic().name());
      sender.forgetHint(Integer.MAX_VALUE); // which may be what has led here
    }
    engine.router().route(waiting);
  }

  void sent(ProduceExchange exchange, long bytes) {
    underWay.addLast(exchange);
    setInFlightBytes(inFlightBytes + bytes);
  }

  void answered(ProduceExchange exchange, long bytes) {
    underWay.remove(exchange);
    setInFlightBytes(inFlightBytes - bytes);
  }

  /** So much less is under way. */
  void answeredPart(long bytes) {
    setInFlightBytes(inFlightBytes - bytes);
  }

  // The loop is the only writer.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void setInFlightBytes(long bytes) {
    inFlightBytes = bytes;
  }
}
