package io.millrace.client.fake;

import io.millrace.client.Broker;
import io.millrace.client.ClientSettings;
import io.millrace.client.ClusterMap;
import io.millrace.client.Discovery;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the coordination store would say, under the test's control. */
public final class FakeCluster implements Discovery, Discovery.Factory {
  public static final String CLUSTER_ID = "test-cluster";

  private final Map<Integer, Broker> brokers = new TreeMap<>();
  private final AtomicLong producerIds = new AtomicLong(4711);
  private final Map<String, FakeTopic> topics = new TreeMap<>();
  private final Set<Consumer<ClusterMap>> listeners = new LinkedHashSet<>();
  private final List<CompletableFuture<ClusterMap>> unanswered = new ArrayList<>();
  private boolean autoCreate;
  private boolean connected = true;
  private int ids;
  private int lookups;
  private boolean closed;

  /** A topic with its partitions' leaders and logs. */
  public static final class FakeTopic {
    final String name;
    final String id;
    Map<String, String> settings = Map.of();
    final List<FakePartition> partitions = new ArrayList<>();

    FakeTopic(String name, String id) {
      this.name = name;
      this.id = id;
    }

    public String id() {
      return id;
    }

    public FakeLog log(int partition) {
      return partitions.get(partition).log;
    }
  }

  static final class FakePartition {
    final FakeLog log = new FakeLog();
    int leader;
    int leaderEpoch = 1;
    List<Integer> inSync = List.of();
  }

  // ---- The test's side -------------------------------------------------------------------------

  /** Partitions are led by the brokers in turn. */
  public synchronized FakeTopic createTopic(String name, int partitions) {
    FakeTopic topic = new FakeTopic(name, name + "~" + ++ids);
    List<Integer> leaders = new ArrayList<>(brokers.keySet());
    for (int i = 0; i < partitions; i++) {
      FakePartition partition = new FakePartition();
      partition.leader = leaders.isEmpty() ? -1 : leaders.get(i % leaders.size());
      topic.partitions.add(partition);
    }
    topics.put(name, topic);
    publish();
    return topic;
  }

  public synchronized void setTopicSettings(String name, Map<String, String> settings) {
    topic(name).settings = settings;
    publish();
  }

  public synchronized void deleteTopic(String name) {
    topics.remove(name);
    publish();
  }

  /** A topic that was deleted is there again, as it was (B76). */
  public synchronized void putBack(FakeTopic topic) {
    topics.put(topic.name, topic);
    publish();
  }

  public synchronized FakeTopic topic(String name) {
    FakeTopic topic = topics.get(name);
    if (topic == null) {
      throw new IllegalStateException("no topic " + name);
    }
    return topic;
  }

  synchronized @Nullable FakeTopic find(String name) {
    return topics.get(name);
  }

  synchronized @Nullable FakeTopic findById(String id) {
    return topics.values().stream().filter(t -> t.id.equals(id)).findFirst().orElse(null);
  }

  /** Another leader, in a new epoch; told to clients unless it is kept from them. */
  public synchronized void lead(String topic, int partition, int broker, boolean tell) {
    FakePartition state = topic(topic).partitions.get(partition);
    state.leader = broker;
    state.leaderEpoch++;
    if (tell) {
      publish();
    }
  }

  /** Who could lead; nobody is told. */
  public synchronized void setInSync(String topic, int partition, List<Integer> brokers) {
    topic(topic).partitions.get(partition).inSync = brokers;
  }

  /** The same leader in another epoch; clients are not told. */
  public synchronized void setLeaderEpoch(String topic, int partition, int epoch) {
    topic(topic).partitions.get(partition).leaderEpoch = epoch;
  }

  synchronized int leader(FakeTopic topic, int partition) {
    return topic.partitions.get(partition).leader;
  }

  synchronized int leaderEpoch(FakeTopic topic, int partition) {
    return topic.partitions.get(partition).leaderEpoch;
  }

  public synchronized void setAutoCreate(boolean on) {
    autoCreate = on;
  }

  synchronized boolean autoCreates() {
    return autoCreate;
  }

  /** Without contact lookups are not answered until it is back. */
  public synchronized void setConnected(boolean now) {
    connected = now;
    if (now) {
      ClusterMap map = current();
      List.copyOf(unanswered).forEach(each -> each.complete(map));
      unanswered.clear();
    }
  }

  public synchronized void addBroker(Broker broker) {
    brokers.put(broker.id(), broker);
    publish();
  }

  public synchronized void removeBroker(int id) {
    brokers.remove(id);
    publish();
  }

  /** Tells listeners what is so now. */
  public synchronized void publish() {
    publish(current());
  }

  /** Tells listeners something else. */
  public synchronized void publish(ClusterMap map) {
    if (connected) {
      List.copyOf(listeners).forEach(listener -> listener.accept(map));
    }
  }

  public synchronized int lookups() {
    return lookups;
  }

  public synchronized boolean isClosed() {
    return closed;
  }

  // ---- The client's side -----------------------------------------------------------------------

  @Override
  public Discovery open(ClientSettings settings) {
    return this;
  }

  @Override
  public synchronized ClusterMap current() {
    Map<String, TopicDescription> described = new HashMap<>();
    topics.forEach((name, topic) -> described.put(name, describe(topic)));
    return new ClusterMap(CLUSTER_ID, brokers, described);
  }

  private static TopicDescription describe(FakeTopic topic) {
    List<PartitionInfo> partitions = new ArrayList<>();
    for (int i = 0; i < topic.partitions.size(); i++) {
      FakePartition state = topic.partitions.get(i);
      partitions.add(
          new PartitionInfo(
              topic.name,
              i,
              state.leader < 0 ? OptionalInt.empty() : OptionalInt.of(state.leader),
              state.leaderEpoch,
              state.inSync,
              state.inSync));
    }
    return new TopicDescription(topic.name, topic.id, 1, topic.settings, partitions);
  }

  @Override
  public synchronized CompletionStage<ClusterMap> lookup(Collection<String> names) {
    lookups++;
    CompletableFuture<ClusterMap> answer = new CompletableFuture<>();
    if (connected) {
      answer.complete(current());
    } else {
      unanswered.add(answer);
    }
    return answer;
  }

  @Override
  public synchronized AutoCloseable onChange(Consumer<ClusterMap> listener) {
    listeners.add(listener);
    listener.accept(connected ? current() : ClusterMap.EMPTY);
    return () -> unsubscribe(listener);
  }

  private synchronized void unsubscribe(Consumer<ClusterMap> listener) {
    listeners.remove(listener);
  }

  @Override
  public synchronized boolean isConnected() {
    return connected;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  /** One that nobody had before. */
  public long nextProducerId() {
    return producerIds.getAndIncrement();
  }
}
