package io.millrace.client.read;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.ListedOffset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterListener;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.RetriableException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.rpc.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches ahead of the consumer: finds out where each partition begins, keeps a request under way
 * for each that has room, and puts what came into the queue.
 *
 * <p>Owner: the client's loop. Nothing here blocks, so that a simulation can run it in one thread.
 */
public final class FetchEngine implements ClusterListener {
  private static final Logger log = LoggerFactory.getLogger(FetchEngine.class);

  /** Less room than this is not worth a request. */
  private static final int LEAST_ROOM_BYTES = 64 << 10;

  private final Cluster cluster;
  private final FetchSettings settings;
  private final FetchQueue queue;

  private final Map<TopicPartition, PartitionFetch> fetches = new LinkedHashMap<>();
  private final Map<Integer, FetchLane> lanes = new HashMap<>();
  private final Map<PartitionFetch, FetchLane> laneOf = new HashMap<>();
  private final Set<PartitionFetch> leaderless = new LinkedHashSet<>();
  private final Set<OffsetLookup> lookups = new LinkedHashSet<>();
  private final Set<PartitionFetch> toPosition = new LinkedHashSet<>();
  private final Set<FetchLane> toPump = new LinkedHashSet<>();
  private @Nullable Timer leaderlessRetry;
  private int leaderlessFailures;
  private long reservedBytes;
  private boolean closed;

  /** Made on any thread; {@link #start} it on the loop. */
  public FetchEngine(Cluster cluster, FetchSettings settings, FetchQueue queue) {
    this.cluster = cluster;
    this.settings = settings;
    this.queue = queue;
  }

  public void start() {
    cluster.loop().assertInLoop();
    cluster.addListener(this);
  }

  public void close() {
    cluster.loop().assertInLoop();
    closed = true;
    List.copyOf(lookups).forEach(OffsetLookup::close);
    List.copyOf(fetches.keySet()).forEach(this::unassign);
  }

  // ---- What the consumer says ------------------------------------------------------------------

  /** A partition that was not read so far, or is to be read from elsewhere. */
  public void fetchFrom(TopicPartition partition, int version, StartAt start, boolean held) {
    cluster.loop().assertInLoop();
    if (closed) {
      return;
    }
    PartitionFetch fetch = fetches.computeIfAbsent(partition, PartitionFetch::new);
    leaveLane(fetch);
    fetch.restart(version, start);
    fetch.setHeld(held);
    begin(fetch);
  }

  /** Not to be read any more. */
  public void unassign(TopicPartition partition) {
    cluster.loop().assertInLoop();
    PartitionFetch fetch = fetches.remove(partition);
    if (fetch != null) {
      leaveLane(fetch);
      fetch.restart(Integer.MIN_VALUE, new StartAt.Offset(0));
      fetch.moveTo(PartitionFetch.State.STOPPED);
    }
  }

  /** To be fetched no further for now, or again. */
  public void hold(TopicPartition partition, boolean held) {
    cluster.loop().assertInLoop();
    PartitionFetch fetch = fetches.get(partition);
    if (fetch != null) {
      fetch.setHeld(held);
      FetchLane lane = laneOf.get(fetch);
      if (lane != null) {
        pumpSoon(lane);
      }
    }
  }

  /** So much of what was fetched is not needed any more. */
  public void consumed(Map<TopicPartition, Long> bytes) {
    cluster.loop().assertInLoop();
    bytes.forEach(
        (partition, count) -> {
          PartitionFetch fetch = fetches.get(partition);
          if (fetch != null) {
            fetch.consumed(count);
          }
        });
    lanes.values().forEach(this::pumpSoon);
  }

  // ---- Beginning -------------------------------------------------------------------------------

  private void begin(PartitionFetch fetch) {
    int version = fetch.version();
    cluster.lookup(
        fetch.partition().topic(),
        (topic, e) -> {
          if (fetch.version() != version || fetch.state() != PartitionFetch.State.NEW) {
            return;
          }
          if (topic == null) {
            failed(fetch, e);
          } else if (fetch.partition().partition() >= topic.partitionCount()) {
            failed(fetch, unknownPartition(fetch.partition(), topic));
          } else if (fetch.spec() != null) {
            position(fetch);
          } else {
            route(fetch);
          }
        });
  }

  private static UnknownPartitionException unknownPartition(
      TopicPartition partition, KnownTopic topic) {
    return new UnknownPartitionException(
        partition.topic(),
        partition.partition(),
        "topic " + topic.name() + " has " + topic.partitionCount() + " partitions");
  }

  /** Behind what else this turn brings, so that partitions are asked for together. */
  private void position(PartitionFetch fetch) {
    fetch.moveTo(PartitionFetch.State.POSITIONING);
    if (toPosition.isEmpty()) {
      cluster.loop().execute(this::positionNow);
    }
    toPosition.add(fetch);
  }

  private void positionNow() {
    List<PartitionFetch> now = List.copyOf(toPosition);
    toPosition.clear();
    Map<String, List<PartitionFetch>> byTopic = new LinkedHashMap<>();
    for (PartitionFetch fetch : now) {
      byTopic.computeIfAbsent(fetch.partition().topic(), name -> new ArrayList<>()).add(fetch);
    }
    byTopic.values().forEach(this::position);
  }

  /** Of one topic: what is wrong with it is wrong with all of them. */
  private void position(List<PartitionFetch> group) {
    Map<TopicPartition, OffsetSpec> specs = new LinkedHashMap<>();
    Map<TopicPartition, Integer> versions = new HashMap<>();
    for (PartitionFetch fetch : group) {
      OffsetSpec spec = fetch.spec();
      if (fetch.state() == PartitionFetch.State.POSITIONING && spec != null) {
        specs.put(fetch.partition(), spec);
        versions.put(fetch.partition(), fetch.version());
      }
    }
    if (specs.isEmpty() || closed) {
      return;
    }
    OffsetLookup[] started = new OffsetLookup[1];
    started[0] =
        OffsetLookup.start(
            cluster,
            specs,
            settings.requestTimeoutNanos(),
            (partition, offset) -> {
              PartitionFetch fetch = positioning(partition, versions);
              if (fetch != null) {
                positioned(fetch, offset);
              }
            },
            (all, e) -> {
              lookups.remove(started[0]);
              for (TopicPartition partition : specs.keySet()) {
                PartitionFetch fetch = positioning(partition, versions);
                if (fetch != null) {
                  notPositioned(fetch, e);
                }
              }
            });
    lookups.add(started[0]);
  }

  /** Null when the consumer has gone elsewhere since. */
  private @Nullable PartitionFetch positioning(
      TopicPartition partition, Map<TopicPartition, Integer> versions) {
    PartitionFetch fetch = fetches.get(partition);
    return fetch != null
            && fetch.state() == PartitionFetch.State.POSITIONING
            && Objects.equals(versions.get(partition), fetch.version())
        ? fetch
        : null;
  }

  private void positioned(PartitionFetch fetch, ListedOffset found) {
    fetch.positionAt(found.offset().orElse(0));
    queue.add(new Fetched.Positioned(fetch.partition(), fetch.version(), fetch.offset()));
    route(fetch);
  }

  private void notPositioned(PartitionFetch fetch, @Nullable MillraceException e) {
    if (e instanceof RetriableException) {
      log.debug("where {} begins is not known yet", fetch.partition(), e);
      position(fetch);
    } else {
      failed(fetch, e);
    }
  }

  private void failed(PartitionFetch fetch, @Nullable MillraceException e) {
    if (e == null) {
      throw new IllegalStateException("failed without a reason: " + fetch.partition());
    }
    stop(fetch, new Fetched.Failed(fetch.partition(), fetch.version(), e));
  }

  // ---- Routing ---------------------------------------------------------------------------------

  /** Puts it where it belongs now that something about it or its leader has changed. */
  private void route(PartitionFetch fetch) {
    leaveLane(fetch);
    KnownTopic topic = cluster.topic(fetch.partition().topic());
    if (topic == null) {
      fetch.moveTo(PartitionFetch.State.NEW);
      begin(fetch);
      return;
    }
    String readTopic = fetch.topicId();
    if (readTopic != null && !readTopic.equals(topic.id())) {
      stop(
          fetch,
          new Fetched.OutOfRange(
              fetch.partition(),
              fetch.version(),
              fetch.offset(),
              true,
              true,
              "topic " + topic.name() + " was deleted and created again"));
      return;
    }
    fetch.moveTo(PartitionFetch.State.READY);
    OptionalInt leader = topic.leader(fetch.partition().partition());
    if (leader.isPresent()) {
      FetchLane lane = lanes.computeIfAbsent(leader.getAsInt(), id -> new FetchLane(this, id));
      laneOf.put(fetch, lane);
      lane.add(fetch);
      pumpSoon(lane);
      return;
    }
    leaderless.add(fetch);
    cluster.lookAgain(fetch.partition().topic());
    if (leaderlessRetry == null) {
      long millis = cluster.backoffMillis(++leaderlessFailures);
      leaderlessRetry =
          cluster.loop().schedule(MILLISECONDS.toNanos(millis), this::retryLeaderless);
    }
  }

  private void retryLeaderless() {
    leaderlessRetry = null;
    List.copyOf(leaderless).forEach(this::route);
    if (leaderless.isEmpty()) {
      leaderlessFailures = 0;
    }
  }

  private void leaveLane(PartitionFetch fetch) {
    leaderless.remove(fetch);
    FetchLane lane = laneOf.remove(fetch);
    if (lane != null) {
      lane.remove(fetch);
    }
  }

  /** Behind what else this turn brings, so that partitions that come free together go together. */
  private void pumpSoon(FetchLane lane) {
    if (toPump.isEmpty()) {
      cluster.loop().execute(this::pumpNow);
    }
    toPump.add(lane);
  }

  private void pumpNow() {
    List<FetchLane> now = List.copyOf(toPump);
    toPump.clear();
    now.forEach(FetchLane::pump);
  }

  /** Takes it out of its lane for a request; null when it belongs elsewhere by now. */
  @Nullable Asked ask(PartitionFetch fetch) {
    KnownTopic topic = cluster.topic(fetch.partition().topic());
    String readTopic = fetch.topicId();
    if (topic == null || (readTopic != null && !readTopic.equals(topic.id()))) {
      route(fetch);
      return null;
    }
    leaveLane(fetch);
    fetch.setTopicId(topic.id());
    fetch.moveTo(PartitionFetch.State.IN_FLIGHT);
    return new Asked(
        fetch,
        fetch.version(),
        topic.id(),
        fetch.offset(),
        topic.leaderEpoch(fetch.partition().partition()));
  }

  @Override
  public void onTopic(KnownTopic topic) {
    for (PartitionFetch fetch : new ArrayList<>(fetches.values())) {
      if (fetch.partition().topic().equals(topic.name())) {
        boolean news =
            fetch.state() == PartitionFetch.State.READY
                || (fetch.state() == PartitionFetch.State.PAUSING
                    && fetch.partition().partition() < topic.partitionCount()
                    && topic.leaderEpoch(fetch.partition().partition()) > fetch.failedEpoch());
        if (news) {
          route(fetch);
        }
      }
    }
  }

  @Override
  public void onTopicGone(KnownTopic topic) {
    for (PartitionFetch fetch : new ArrayList<>(fetches.values())) {
      if (fetch.partition().topic().equals(topic.name())
          && fetch.state() != PartitionFetch.State.STOPPED) {
        failed(
            fetch,
            new UnknownTopicException(topic.name(), "topic " + topic.name() + " was deleted"));
      }
    }
  }

  @Override
  public void onBroker(int brokerId) {
    FetchLane lane = lanes.get(brokerId);
    if (lane != null) {
      lane.pump();
    }
  }

  // ---- Room ------------------------------------------------------------------------------------

  /** Bytes the next answer may bring; zero: none now. Half of what is left, so that some is. */
  long room() {
    long buffered = reservedBytes;
    for (PartitionFetch fetch : fetches.values()) {
      buffered += fetch.bufferedBytes();
    }
    long left = settings.prefetchBytes() - buffered;
    long least = Math.min(LEAST_ROOM_BYTES, settings.prefetchBytes());
    return left < least ? 0 : Math.max(least, left / 2);
  }

  void reserve(long bytes) {
    reservedBytes += bytes;
  }

  /** One answer may wait to be consumed while the next is on its way. */
  boolean mayFetch(PartitionFetch fetch) {
    return !fetch.isHeld() && fetch.bufferedBytes() <= settings.maxPartitionBytes();
  }

  // ---- Answers ---------------------------------------------------------------------------------

  void fresh(Asked question, FetchAnswer.Fresh fresh) {
    PartitionFetch fetch = question.fetch();
    KnownTopic topic = cluster.topic(fetch.partition().topic());
    if (topic != null && topic.id().equals(question.topicId())) {
      topic.seen(fetch.partition().partition(), fresh.leaderEpoch());
    }
    if (fresh.nextOffset() > fetch.offset() || fresh.damaged()) {
      queue.add(
          new Fetched.Batches(
              fetch.partition(),
              fetch.version(),
              fresh.share(),
              fresh.nextOffset(),
              fresh.highWatermark()));
    }
    fetch.advance(fresh.nextOffset(), fresh.lastEpoch(), fresh.share().remaining());
    if (fresh.damaged()) {
      fetch.moveTo(PartitionFetch.State.STOPPED);
    }
  }

  void stop(PartitionFetch fetch, Fetched last) {
    leaveLane(fetch);
    fetch.moveTo(PartitionFetch.State.STOPPED);
    queue.add(last);
  }

  void lookAgainAndRetry(PartitionFetch fetch, String why) {
    cluster.lookAgain(fetch.partition().topic());
    retry(fetch, why);
  }

  /** Once more, after a pause. */
  void retry(PartitionFetch fetch, String why) {
    log.debug("{} is fetched again: {}", fetch.partition(), why);
    leaveLane(fetch);
    KnownTopic topic = cluster.topic(fetch.partition().topic());
    int number = fetch.partition().partition();
    int epoch = topic == null || number >= topic.partitionCount() ? 0 : topic.leaderEpoch(number);
    long millis = cluster.backoffMillis(fetch.countFailure());
    fetch.pausing(epoch, cluster.loop().schedule(MILLISECONDS.toNanos(millis), () -> route(fetch)));
  }

  /** A request has ended: its partitions may be fetched again, but those that pause or stopped. */
  void goOn(List<Asked> asked, FetchLane lane) {
    for (Asked each : asked) {
      if (each.isCurrent()) {
        route(each.fetch());
      }
    }
    pumpSoon(lane);
  }

  Cluster cluster() {
    return cluster;
  }

  FetchSettings settings() {
    return settings;
  }
}
