package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterListener;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.RecordTooLargeException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Connection;
import io.millrace.wire.RecordHeader;
import io.millrace.wire.v1.Limits;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Sends records. Here is what callers of {@code send} touch, and what the cluster tells; {@link
 * Router}, {@link Lane}, {@link ProduceExchange}, {@link Expiry} and {@link Closing} do the rest.
 *
 * <p>Owner: the client's loop, but for what says otherwise. Nothing here blocks, so that a
 * simulation can run callers and loop in one thread.
 */
public final class SendEngine implements ClusterListener {
  private static final long AN_HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

  // For any thread.
  private final Cluster cluster;
  private final SendSettings settings;
  private final MemoryBudget budget;
  private final BatchPool pool;
  private final Map<String, SendTopic> topics = new ConcurrentHashMap<>();
  private final Router router;
  private final ConcurrentLinkedQueue<PartitionSender> signals = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainScheduled = new AtomicBoolean();
  private volatile int brokerMaxRecordBytes = Integer.MAX_VALUE;

  /** The loop may run nothing any more. */
  private volatile boolean ended;

  // On the loop.
  private final Endings endings;
  private final Expiry expiry;
  private final ProducerIdentity identity;
  private final Set<ProduceExchange> exchanges = new LinkedHashSet<>();
  private long flushedNanos;
  private boolean flushed;
  private @Nullable MillraceException closed;

  /** Made on any thread; {@link #start} it on the loop. */
  public SendEngine(Cluster cluster, SendSettings settings, EndListener listener) {
    this.cluster = cluster;
    this.settings = settings;
    this.budget = new MemoryBudget(settings.bufferBytes());
    this.pool = new BatchPool(budget, settings.fullBatchBytes(), cluster.clock());
    this.router = new Router(this, cluster);
    this.endings = new Endings(pool, cluster.figures(), listener);
    this.expiry = new Expiry(this);
    this.identity = new ProducerIdentity(cluster, settings.numbers(), router::pumpAll);
    cluster.figures().gauge(MetricName.BUFFER_USED_BYTES, budget::usedBytes);
  }

  public void start() {
    cluster.loop().assertInLoop();
    cluster.addListener(this);
  }

  // ---- Callers of send, on any thread ----------------------------------------------------------

  /** Null when it is not known yet; see {@link #lookup}. */
  public @Nullable SendTopic topic(String name) {
    return topics.get(name);
  }

  /** Whether there is memory for one more record. */
  public boolean hasRoom() {
    return budget.hasRoom();
  }

  /**
   * Whether one more record for that partition should be queued now: there is memory, and, while
   * its leader takes records, not more in the queue than keeps it busy. A longer queue would be
   * nothing but latency, and memory that no cache holds; while the leader takes nothing, the queue
   * bridges the gap.
   */
  public boolean hasRoom(SendTopic topic, int partition) {
    if (!budget.hasRoom()) {
      return false;
    }
    if (topic.senders()[partition].queue().queuedBytes() < settings.maxInFlightBytes()) {
      return true;
    }
    Lane lane = router.lane(topic.leader(partition));
    return lane == null || !lane.isFlowing();
  }

  /**
   * Waits on the calling thread until there is room.
   *
   * @return false when there was none in time
   */
  public boolean awaitRoom(SendTopic topic, int partition, long timeoutNanos)
      throws InterruptedException {
    return budget.awaitRoom(timeoutNanos, () -> hasRoom(topic, partition));
  }

  /** Of memory for records that have not ended. */
  public long usedBytes() {
    return budget.usedBytes();
  }

  /** Of key, value and headers of one record together. */
  public int maxRecordBytes(SendTopic topic) {
    return Math.min(Math.min(topic.maxRecordBytes(), brokerMaxRecordBytes), settings.bufferBytes());
  }

  /**
   * Encodes a record into the queue of its partition.
   *
   * @param completion a future or a callback; called on the loop
   * @param recordBytes of key, value and headers together, within {@link #maxRecordBytes}
   */
  public Appended append(
      SendTopic topic,
      int partition,
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers,
      Object completion,
      int recordBytes) {
    PartitionSender sender = topic.senders()[partition];
    Appended appended =
        sender
            .queue()
            .append(
                timestamp,
                key,
                value,
                headers,
                completion,
                recordBytes,
                Math.min(settings.fullBatchBytes(), topic.maxRecordBytes()));
    if (appended instanceof Appended.Queued queued && queued.tellLoop()) {
      signal(sender);
    }
    return appended;
  }

  /** Tells a record that could not be queued how it ended: on the loop, while there is one. */
  public void fail(String topic, int partition, Object completion, MillraceException e) {
    AtomicBoolean told = new AtomicBoolean();
    Runnable tell =
        () -> {
          if (told.compareAndSet(false, true)) {
            endings.refused(topic, partition, completion, e);
          }
        };
    cluster.loop().execute(tell);
    if (ended) {
      tell.run();
    }
  }

  private void signal(PartitionSender sender) {
    signals.add(sender);
    if (!drainScheduled.get() && drainScheduled.compareAndSet(false, true)) {
      cluster.loop().execute(this::drain);
    }
  }

  long nowNanos() {
    return cluster.clock().nanoTime();
  }

  long inFlightBytes(int brokerId) {
    Lane lane = router.lane(brokerId);
    return lane == null ? 0 : lane.inFlightBytes();
  }

  // ---- Topics ----------------------------------------------------------------------------------

  /** On the loop: makes the topic known here. */
  public void lookup(String name, Done<SendTopic> done) {
    cluster.lookup(
        name,
        (known, e) -> {
          if (known == null) {
            done.done(null, e);
          } else if (closed != null) {
            done.done(null, closed);
          } else {
            done.done(
                topics.computeIfAbsent(name, key -> new SendTopic(this, cluster.random(), known)),
                null);
          }
        });
  }

  PartitionSender newSender(SendTopic topic, TopicPartition partition) {
    return new PartitionSender(
        topic,
        new PartitionQueue(partition, pool, settings.compression()),
        new Numbering(identity));
  }

  @Override
  public void onTopic(KnownTopic known) {
    SendTopic topic = topics.get(known.name());
    if (topic == null) {
      return;
    }
    topic.update(known);
    List<PartitionSender> toRoute = new ArrayList<>();
    for (PartitionSender sender : topic.senders()) {
      int partition = sender.partition().partition();
      if (partition < known.partitionCount()) {
        giveUpOnFormerLeader(sender, known.leaderEpoch(partition));
      }
      if (partition >= known.partitionCount()) {
        abandon(
            sender,
            new UnknownPartitionException(
                known.name(),
                partition,
                "topic " + known.name() + " has " + known.partitionCount() + " partitions now"));
      } else if (sender.state() == PartitionSender.State.READY
          || (sender.state() == PartitionSender.State.PAUSING
              && known.leaderEpoch(partition) > sender.failedEpoch())) {
        toRoute.add(sender);
      }
    }
    router.route(toRoute);
  }

  /**
   * What a leader that is none any more was sent need not wait until its connection breaks: the new
   * one knows by its numbers what it has of it.
   */
  private void giveUpOnFormerLeader(PartitionSender sender, int leaderEpoch) {
    if (!identity.isOn() || !settings.retryUnknown()) {
      return;
    }
    for (Share share : sender.underWay()) {
      if (share.leaderEpoch() < leaderEpoch && sender.cameBack(share)) {
        share.batches().forEach(SendBatch::setMayBeWritten);
        sender.sendAgain(share.batches(), false);
      }
    }
    router.goOn(sender);
  }

  @Override
  public void onTopicGone(KnownTopic known) {
    SendTopic topic = topics.remove(known.name());
    if (topic != null) {
      MillraceException why =
          new UnknownTopicException(known.name(), "topic " + known.name() + " was deleted");
      for (PartitionSender sender : topic.senders()) {
        abandon(sender, why);
      }
    }
  }

  @Override
  public void onBroker(int brokerId) {
    Lane lane = router.lane(brokerId);
    if (lane != null) {
      lane.pump();
    }
  }

  /** Limits that a broker told. */
  void learn(Limits limits) {
    if (limits.getMaxRecordSize() > 0) {
      brokerMaxRecordBytes = limits.getMaxRecordSize();
    }
  }

  /** A broker answered with this leader epoch. */
  void seen(Share share, int leaderEpoch) {
    KnownTopic known = share.sender().topic().known();
    if (known.id().equals(share.topicId())) {
      known.seen(share.sender().partition().partition(), leaderEpoch);
    }
  }

  // ---- Requests --------------------------------------------------------------------------------

  private void drain() {
    drainScheduled.set(false);
    Set<PartitionSender> toRoute = new LinkedHashSet<>();
    for (PartitionSender sender = signals.poll(); sender != null; sender = signals.poll()) {
      MillraceException gone = sender.gone();
      if (gone != null) {
        abandon(sender, gone);
      } else if (sender.state() != PartitionSender.State.PAUSING) {
        toRoute.add(sender);
      }
    }
    expiry.watch();
    router.route(toRoute);
  }

  /** An open batch that was begun later than this may linger. */
  long begunBefore(long nowNanos) {
    if (settings.lingerNanos() == 0 || closed != null) {
      return nowNanos + AN_HOUR_NANOS;
    }
    long lingered = nowNanos - settings.lingerNanos();
    return flushed && flushedNanos - lingered > 0 ? flushedNanos : lingered;
  }

  Share share(PartitionSender sender, List<SendBatch> batches, int sizeBytes) {
    KnownTopic known = sender.topic().known();
    return new Share(
        sender, known.id(), known.leaderEpoch(sender.partition().partition()), batches, sizeBytes);
  }

  void send(Lane lane, Connection connection, List<Share> shares) {
    int limit = connection.hello().getLimits().getMaxRequestSize();
    Share first = shares.get(0);
    if (limit > 0 && first.sizeBytes() > limit - Lane.HEAD_BYTES) {
      endings.giveUp(
          first.batches(),
          new RecordTooLargeException(
              "a record of " + first.sizeBytes() + " bytes; a request may have " + limit));
      first.sender().cameBack(first);
      first.sender().sendAgain(first.batches(), false);
      router.goOn(List.of(first.sender()), lane);
      return;
    }
    ProduceExchange exchange = new ProduceExchange(this, lane, connection, shares);
    exchanges.add(exchange);
    exchange.send();
  }

  void exchangeEnded(ProduceExchange exchange) {
    exchanges.remove(exchange);
  }

  /** Nothing of this partition will be sent any more. */
  void abandon(PartitionSender sender, MillraceException why) {
    List<SendBatch> left = new ArrayList<>();
    sender.setGone(why);
    sender.numbering().end();
    sender.queue().refuse(why, left);
    router.forget(sender);
    endings.giveUp(left, why);
  }

  List<PartitionSender> senders() {
    List<PartitionSender> all = new ArrayList<>();
    topics.values().forEach(topic -> all.addAll(List.of(topic.senders())));
    return all;
  }

  // ---- Flushing and closing --------------------------------------------------------------------

  /** On the loop: tells when every record that is queued or under way now has ended. */
  public void flush(Done<Boolean> done) {
    cluster.loop().assertInLoop();
    flushed = true;
    flushedNanos = nowNanos();
    FlushWait wait = new FlushWait(done);
    for (ProduceExchange exchange : exchanges) {
      for (Share share : exchange.untold()) {
        share.batches().stream().filter(b -> !b.hasEnded()).forEach(b -> b.addFlush(wait));
      }
    }
    List<PartitionSender> toRoute = new ArrayList<>();
    for (PartitionSender sender : senders()) {
      sender.queue().forEach(batch -> batch.addFlush(wait));
      if (sender.state() != PartitionSender.State.PAUSING) {
        toRoute.add(sender);
      }
    }
    wait.remove();
    router.route(toRoute);
  }

  /**
   * On the loop: takes nothing any more, and tells when what there is has ended, which it has at
   * the latest after this time.
   */
  public void close(long timeoutNanos, Runnable done) {
    cluster.loop().assertInLoop();
    if (closed != null) {
      throw new IllegalStateException("closed twice");
    }
    ClosedException why =
        new ClosedException("the producer was closed before the record could be sent");
    closed = why;
    budget.close();
    senders().forEach(sender -> sender.queue().refuseNew(why));
    Closing closing =
        new Closing(
            this,
            why,
            timeoutNanos,
            () -> {
              ended = true;
              expiry.stop();
              done.run();
            });
    flush((yes, no) -> closing.end());
  }

  // ---- For this package ------------------------------------------------------------------------

  Cluster cluster() {
    return cluster;
  }

  Figures figures() {
    return cluster.figures();
  }

  SendSettings settings() {
    return settings;
  }

  Endings endings() {
    return endings;
  }

  ProducerIdentity identity() {
    return identity;
  }

  Router router() {
    return router;
  }

  /** Those under way, as of now. */
  List<ProduceExchange> exchanges() {
    return List.copyOf(exchanges);
  }
}
