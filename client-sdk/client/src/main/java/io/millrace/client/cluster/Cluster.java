package io.millrace.client.cluster;

import io.millrace.client.ClusterMap;
import io.millrace.client.Discovery;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.TooManyConnectionsException;
import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Backoff;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Connection;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import io.millrace.wire.v1.Error;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster as one client sees it: the room in which its engines work.
 *
 * <p>Owner: the client's loop. Listeners are told in a task of their own, never from within the
 * call that changed something, so that they may call back in.
 */
public final class Cluster implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Cluster.class);

  /**
   * Connections to brokers that are not used, and may be when a leader is lost. All the others of a
   * small cluster; in a large one those that come next, of as many of the leaders.
   */
  static final int MAX_AHEAD = 16;

  private final EventLoop loop;
  private final RandomGenerator random;
  private final Discovery discovery;
  private final Connector connector;
  private final ClusterSettings settings;
  private final Backoff backoff;

  private final Figures figures = new Figures();
  private final Topics topics = new Topics();
  private final TreeMap<Integer, BrokerChannel> channels = new TreeMap<>();
  private final TopicLookups lookups = new TopicLookups(this);
  private final List<ClusterListener> listeners = new ArrayList<>();
  private String clusterId = "";
  private @Nullable AutoCloseable subscription;
  private boolean closed;

  private final Set<Integer> changedBrokers = new LinkedHashSet<>();
  private final Set<KnownTopic> changedTopics = new LinkedHashSet<>();
  private boolean tellScheduled;

  /** Made on any thread; {@link #start} it on the loop. */
  public Cluster(
      EventLoop loop,
      Tasks tasks,
      Discovery discovery,
      Connector connector,
      ClusterSettings settings) {
    this.loop = loop;
    this.random = tasks.random();
    this.discovery = discovery;
    this.connector = connector;
    this.settings = settings;
    this.backoff = settings.backoff();
    figures.gauge(MetricName.TOPICS_KNOWN, topics::count);
    figures.gauge(MetricName.DISCOVERY_CONNECTED, () -> discovery.isConnected() ? 1 : 0);
  }

  /** Begins to follow the discovery. */
  public void start() {
    loop.assertInLoop();
    subscription = discovery.onChange(map -> loop.execute(() -> apply(map)));
  }

  /** Closes the connections: what waits for an answer ends as unknown. Not the discovery. */
  @Override
  public void close() {
    loop.assertInLoop();
    closed = true;
    if (subscription != null) {
      try {
        subscription.close();
      } catch (Exception e) {
        log.warn("the discovery failed to end a subscription", e);
      }
    }
    lookups.close();
    channels.values().forEach(BrokerChannel::close);
  }

  // ---- What engines ask ------------------------------------------------------------------------

  public void addListener(ClusterListener listener) {
    listeners.add(listener);
  }

  public void removeListener(ClusterListener listener) {
    listeners.remove(listener);
  }

  public EventLoop loop() {
    return loop;
  }

  public Clock clock() {
    return loop.clock();
  }

  /** What is counted of this client; safe for any thread. */
  public Figures figures() {
    return figures;
  }

  public RandomGenerator random() {
    return random;
  }

  public ClusterSettings settings() {
    return settings;
  }

  /**
   * How long to wait after so many failures in a row, with jitter.
   *
   * @param failures at least 1
   */
  public long backoffMillis(int failures) {
    return backoff.delayMillis(failures, random);
  }

  /** Empty until it is known. */
  String clusterId() {
    return clusterId;
  }

  Connector connector() {
    return connector;
  }

  Discovery discovery() {
    return discovery;
  }

  /** Null when it is not known here; see {@link #lookup}. */
  public @Nullable KnownTopic topic(String name) {
    return topics.find(name);
  }

  /**
   * The topic, looked up if need be, and created if settings and cluster allow that.
   *
   * @param done hears, perhaps from within this call, of the topic, of {@code
   *     UnknownTopicException}, or of {@code ClusterUnreachableException} after the lookup time-out
   */
  public void lookup(String topic, Done<KnownTopic> done) {
    loop.assertInLoop();
    KnownTopic known = topics.find(topic);
    if (known != null) {
      done.done(known, null);
    } else if (closed) {
      done.done(null, new ClosedException("the client has been closed"));
    } else if (!TopicName.isValid(topic)) {
      done.done(null, TopicName.invalid(topic));
    } else {
      lookups.lookup(topic, done);
    }
  }

  /** As {@link #lookup}, for what users are told of its partitions. */
  public void describe(String topic, Done<List<PartitionInfo>> done) {
    lookup(
        topic, (known, e) -> done.done(known == null ? null : known.description().partitions(), e));
  }

  /** Looks the topic up again, soon: somebody met a sign that what is known of it is old. */
  public void lookAgain(String topic) {
    loop.assertInLoop();
    lookups.refresh(topic);
  }

  /** The open connection to a broker; null while there is none: one is opened if that may help. */
  public @Nullable Connection connection(int brokerId) {
    loop.assertInLoop();
    BrokerChannel channel = channels.get(brokerId);
    return channel == null || closed ? null : channel.get();
  }

  /**
   * A broker takes records: whoever may take its place is connected to before that happens, the
   * next in line of every partition first, but not to any number of them.
   */
  public void connectAhead(int brokerId) {
    loop.assertInLoop();
    long room = MAX_AHEAD - channels.values().stream().filter(BrokerChannel::isAhead).count();
    for (int successor : successors(brokerId)) {
      BrokerChannel channel = channels.get(successor);
      if (room > 0 && !closed && channel != null && channel.openAhead()) {
        room--;
      }
    }
  }

  /**
   * A broker's connection has ended, or it does not lead what it should: whoever takes its place in
   * what this client uses need not be connected to when that is known.
   */
  public void connectToSuccessors(int brokerId) {
    successors(brokerId).forEach(this::connection);
  }

  /** Who may lead what that broker leads, in the order of how probable that is. */
  private Set<Integer> successors(int brokerId) {
    Set<Integer> successors = new LinkedHashSet<>();
    int most = 1;
    for (int rank = 0; rank < most; rank++) {
      for (KnownTopic topic : topics.all()) {
        most = Math.max(most, topic.addSuccessors(brokerId, rank, successors));
      }
    }
    return successors;
  }

  /**
   * A broker that has answered until now takes no connection any more: its process is gone, and
   * others take its place before the discovery can tell of it.
   */
  void lost(int brokerId) {
    topics.forEach(
        topic -> {
          if (topic.guessSuccessors(brokerId, this::isConnected)) {
            topicChanged(topic);
          }
        });
  }

  /** Of anything that this client knows. */
  boolean isLeader(int brokerId) {
    return topics.any(topic -> topic.isLedBy(brokerId));
  }

  private boolean isConnected(int brokerId) {
    BrokerChannel channel = channels.get(brokerId);
    return channel != null && channel.isReady();
  }

  /**
   * A broker refused what it was asked in that epoch because it does not lead. If it says who does,
   * that one can be asked at once.
   */
  public void refusedBy(KnownTopic topic, int partition, int epoch, Error error) {
    loop.assertInLoop();
    topic.forgetHint(partition, epoch);
    if (error.hasLeader() && channels.containsKey(error.getLeader().getBrokerId())) {
      topic.hint(partition, error.getLeader().getBrokerId(), error.getLeader().getLeaderEpoch());
    }
  }

  /** Nothing has come over the open connection to that broker since then. */
  boolean isSilentSince(int brokerId, long nanos) {
    BrokerChannel channel = channels.get(brokerId);
    return channel == null || channel.isSilentSince(nanos);
  }

  /** Why there is no connection, for people. */
  public String trouble(int brokerId) {
    BrokerChannel channel = channels.get(brokerId);
    if (channel == null) {
      return "broker " + brokerId + " is not among the live brokers " + channels.keySet();
    }
    return channel.trouble().isEmpty() ? "not connected yet" : channel.trouble();
  }

  /** What a call ends with whose time was up while it waited for that broker. */
  public MillraceException late(int brokerId, String message) {
    return isOverLimit(brokerId)
        ? new TooManyConnectionsException(message)
        : new TimedOutException(message);
  }

  /** The same; where somebody did answer, but not with what was asked, that is the cause. */
  static MillraceException late(String message, MillraceException answer) {
    return new TimedOutException(message, answer);
  }

  /** Whether that broker has no room for a connection of ours. */
  boolean isOverLimit(int brokerId) {
    BrokerChannel channel = channels.get(brokerId);
    return channel != null && channel.isOverLimit();
  }

  /** What a call ends with that nobody could be asked for. */
  MillraceException unreachable(boolean isOverLimit, String message) {
    return isOverLimit
        ? new TooManyConnectionsException(message)
        : new ClusterUnreachableException(message);
  }

  /** Ids of the brokers that are known, those with an open connection first. */
  List<Integer> brokerIds() {
    List<Integer> ids = new ArrayList<>();
    channels.forEach(
        (id, channel) -> {
          if (channel.isReady()) {
            ids.add(id);
          }
        });
    channels.keySet().stream().filter(id -> !ids.contains(id)).forEach(ids::add);
    return ids;
  }

  // ---- What changes ----------------------------------------------------------------------------

  /** On the loop, in the order in which the discovery told. */
  void apply(ClusterMap map) {
    if (closed) {
      return;
    }
    if (clusterId.isEmpty()) {
      clusterId = map.clusterId();
    } else if (!map.clusterId().isEmpty() && !map.clusterId().equals(clusterId)) {
      log.warn(
          "the cluster calls itself {} now, it was {}: this is ignored until the client is"
              + " restarted",
          map.clusterId(),
          clusterId);
      return;
    }
    map.brokers()
        .forEach(
            (id, broker) -> {
              BrokerChannel channel = channels.get(id);
              if (channel == null) {
                channels.put(id, new BrokerChannel(this, broker));
                brokerChanged(id);
              } else {
                channel.update(broker);
              }
            });
    // One that is gone from the map but answers still is kept: it knows best.
    channels
        .entrySet()
        .removeIf(
            each -> {
              boolean gone = !map.brokers().containsKey(each.getKey());
              if (gone && !each.getValue().isReady()) {
                each.getValue().close();
                figures.forgetGauge(MetricName.CONNECTION_OPEN, each.getKey().toString());
                return true;
              }
              return false;
            });
    map.topics().values().forEach(this::merge);
  }

  /** A description from the discovery or from a broker. */
  void merge(TopicDescription description) {
    KnownTopic before = topics.find(description.name());
    Topics.Change change = topics.merge(description);
    KnownTopic after = topics.find(description.name());
    if (change != Topics.Change.NONE && after != null) {
      if (change == Topics.Change.NEW && before != null) {
        log.info(
            "topic {} was replaced: it was {}, it is {}", after.name(), before.id(), after.id());
      }
      topicChanged(after);
      lookups.nowKnown(after);
    }
  }

  /** The store says, after having been asked, that there is no such topic. */
  void missing(String name) {
    KnownTopic gone = topics.remove(name);
    if (gone != null) {
      log.info("topic {} ({}) is gone", name, gone.id());
      for (ClusterListener listener : List.copyOf(listeners)) {
        listener.onTopicGone(gone);
      }
    }
  }

  /** Engines look at the topic again. */
  private void topicChanged(KnownTopic topic) {
    changedTopics.add(topic);
    scheduleTelling();
  }

  /** Engines look again whether they can send to it. */
  void brokerChanged(int brokerId) {
    changedBrokers.add(brokerId);
    scheduleTelling();
  }

  private void scheduleTelling() {
    if (!tellScheduled) {
      tellScheduled = true;
      loop.execute(this::tell);
    }
  }

  private void tell() {
    tellScheduled = false;
    List<KnownTopic> tellTopics = List.copyOf(changedTopics);
    List<Integer> tellBrokers = List.copyOf(changedBrokers);
    changedTopics.clear();
    changedBrokers.clear();
    for (ClusterListener listener : List.copyOf(listeners)) {
      tellTopics.forEach(listener::onTopic);
      tellBrokers.forEach(listener::onBroker);
    }
  }
}
