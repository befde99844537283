package io.millrace.coordination.topics;

import io.millrace.coordination.membership.BrokerProcess;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Some registered brokers with their views, in virtual time. */
public final class TopicTestCluster {
  private final MemoryWorld world;
  private final List<BrokerProcess> brokers = new ArrayList<>();
  private final Map<BrokerProcess, ClusterView> views = new HashMap<>();

  public TopicTestCluster(long seed, int brokerCount) {
    world = new MemoryWorld(seed);
    for (int id = 1; id <= brokerCount; id++) {
      add(BrokerProcess.self(id).id());
    }
  }

  /** Ids begin at 1. */
  public BrokerProcess add(int id) {
    BrokerProcess broker = BrokerProcess.start(world, BrokerProcess.self(id));
    world.await("registered", () -> broker.heard().stream().anyMatch(s -> s.startsWith("reg")));
    brokers.add(broker);
    ClusterView view = ClusterViews.ofEverything(broker.store());
    views.put(broker, view);
    world.get(view.refresh());
    return broker;
  }

  public MemoryWorld world() {
    return world;
  }

  /** By id. */
  public BrokerProcess broker(int id) {
    return brokers.get(id - 1);
  }

  public MemoryStore store(int id) {
    return broker(id).store();
  }

  public ClusterView view(int id) {
    ClusterView view = views.get(broker(id));
    if (view == null) {
      throw new IllegalArgumentException("no broker " + id);
    }
    return view;
  }

  public ClusterImage image(int id) {
    return world.get(view(id).refresh());
  }

  public @Nullable TopicImage topic(String name) {
    return image(1).topics().get(name);
  }

  public TopicCreation creation(int id) {
    return new TopicCreation(
        store(id),
        view(id),
        world.process(store(id)),
        id,
        (settings, replicas) ->
            settings.containsKey("bad") ? List.of("unknown setting bad") : List.of());
  }

  public TopicAlteration alteration(int id) {
    return new TopicAlteration(
        store(id),
        view(id),
        world.process(store(id)),
        id,
        (settings, replicas) ->
            settings.containsKey("bad") ? List.of("unknown setting bad") : List.of());
  }

  public CreateOutcome create(int by, String name, int partitions) {
    return world.get(creation(by).create(request(name, partitions)));
  }

  /** Of one replica. */
  public static TopicRequest request(String name, int partitions) {
    return new TopicRequest(name, partitions, OptionalInt.of(1), Map.of());
  }

  public DeleteOutcome delete(int by, String name) {
    return world.get(new TopicDeletion(store(by), by).delete(name, Optional.empty()));
  }

  public boolean exists(String path) {
    ReadOutcome<Node> read =
        world.get(store(1), s -> s.sync("/").thenCompose(isSynced -> s.read(path)));
    return read instanceof ReadOutcome.Found;
  }

  public List<String> children(String path) {
    ReadOutcome<List<String>> read =
        world.get(store(1), s -> s.sync("/").thenCompose(isSynced -> s.children(path)));
    return read instanceof ReadOutcome.Found<List<String>> found ? found.value() : List.of();
  }
}
