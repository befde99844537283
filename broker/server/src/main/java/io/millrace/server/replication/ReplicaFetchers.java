package io.millrace.server.replication;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Transport;
import io.millrace.server.cluster.Copying;
import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Shard;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which partitions are followed, and from whom, and who follows what is led here; a {@link
 * PeerLink} for each life of each other broker. Any thread; owner of the state: the store's loop.
 */
public final class ReplicaFetchers implements Copying {
  /** Where brokers are told to connect to each other. */
  public static final String INTERNAL = "internal";

  private final EventLoop store;
  private final List<EventLoop> loops;
  private final LinkContext context;
  private volatile boolean draining;
  private volatile int incarnation;

  // The store's loop only.
  private SuspicionListener listener = SuspicionListener.NOBODY;
  private final Map<PartitionId, Following> following = new HashMap<>();
  private final Map<PartitionId, List<Integer>> leading = new HashMap<>();

  /** How many partitions that are led here have a replica on that broker. */
  private final Map<Integer, Integer> followers = new HashMap<>();

  private final Map<Life, PeerLink> links = new HashMap<>();
  private Map<Integer, BrokerImage> live = Map.of();
  private boolean stopped;

  private record Life(int brokerId, int incarnation) {}

  private record Following(Life leader, int leaderEpoch) {}

  /**
   * @param shards of this broker, one for each loop of the transport
   * @param store the store's loop
   */
  public ReplicaFetchers(
      int self,
      ReplicationSettings settings,
      ConnectionSettings connections,
      Transport transport,
      Tasks tasks,
      List<Shard> shards,
      EventLoop store) {
    this.store = store;
    this.loops = transport.loops();
    this.context =
        new LinkContext(
            self,
            () -> incarnation,
            () -> draining,
            settings,
            connections,
            transport,
            tasks.random(),
            shards.stream().map(FollowerShard::new).toList(),
            new ToListener());
  }

  /** From a link's loop to the store's. */
  private final class ToListener implements SuspicionListener {
    @Override
    public void suspected(int brokerId, int life, String why) {
      store.execute(() -> listener.suspected(brokerId, life, why));
    }

    @Override
    public void cleared(int brokerId, int life) {
      store.execute(() -> listener.cleared(brokerId, life));
    }
  }

  /** Who hears of suspicions, in the place of whoever did before. */
  public void listen(SuspicionListener to) {
    onStore(() -> listener = to);
  }

  /**
   * In which life this broker fetches.
   *
   * @param as 0 while it is not registered: then it fetches nothing
   */
  public void setIncarnation(int as) {
    incarnation = as;
  }

  private void onStore(Runnable action) {
    if (store.inLoop()) {
      action.run();
    } else {
      store.execute(action);
    }
  }

  @Override
  public void follow(PartitionId id, int leaderId, int leaderIncarnation, int leaderEpoch) {
    onStore(
        () -> {
          leadNoMore(id);
          Following next = new Following(new Life(leaderId, leaderIncarnation), leaderEpoch);
          Following before = following.put(id, next);
          if (next.equals(before)) {
            return;
          }
          if (before != null) {
            forget(id, before);
          }
          PeerLink link = link(next.leader());
          if (link != null) {
            link.loop().execute(() -> link.follow(id, leaderEpoch));
          }
        });
  }

  @Override
  public void unfollow(PartitionId id) {
    onStore(
        () -> {
          leadNoMore(id);
          followNoMore(id);
        });
  }

  private void followNoMore(PartitionId id) {
    Following before = following.remove(id);
    if (before != null) {
      forget(id, before);
    }
  }

  @Override
  public void lead(PartitionId id, List<Integer> replicas) {
    onStore(
        () -> {
          followNoMore(id);
          List<Integer> before = leading.put(id, replicas);
          if (!replicas.equals(before)) {
            replicas.forEach(broker -> count(broker, 1));
            if (before != null) {
              before.forEach(broker -> count(broker, -1));
            }
          }
        });
  }

  private void leadNoMore(PartitionId id) {
    List<Integer> before = leading.remove(id);
    if (before != null) {
      before.forEach(broker -> count(broker, -1));
    }
  }

  private void count(int broker, int more) {
    if (broker == context.self()) {
      return;
    }
    int before = followers.getOrDefault(broker, 0);
    int now = before + more;
    if (now == 0) {
      followers.remove(broker);
    } else {
      followers.put(broker, now);
    }
    BrokerImage image = live.get(broker);
    if ((before == 0) != (now == 0) && image != null) {
      PeerLink link = link(new Life(broker, image.incarnation()));
      if (link != null) {
        link.loop().execute(() -> link.watch(now > 0));
      }
    }
  }

  private void forget(PartitionId id, Following before) {
    PeerLink link = links.get(before.leader());
    if (link != null) {
      link.loop().execute(() -> link.unfollow(id));
    }
  }

  /** The link to a broker in that life; null while it is not known to be alive. */
  private @Nullable PeerLink link(Life leader) {
    PeerLink link = links.get(leader);
    BrokerImage image = live.get(leader.brokerId());
    if (link != null || stopped || image == null || image.incarnation() != leader.incarnation()) {
      return link;
    }
    Endpoint address = image.endpoints().get(INTERNAL);
    if (address == null) {
      return null;
    }
    EventLoop loop = loops.get(Math.floorMod(leader.brokerId(), loops.size()));
    PeerLink opened = new PeerLink(image, address, loop, context);
    links.put(leader, opened);
    return opened;
  }

  @Override
  public void onBrokers(Map<Integer, BrokerImage> newLive) {
    onStore(
        () -> {
          if (live.equals(newLive)) {
            return;
          }
          // In an order, because links open by it: what is done shall not hang on the JVM.
          live = Collections.unmodifiableMap(new TreeMap<>(newLive));
          Set<Life> gone = new HashSet<>(links.keySet());
          live.values().forEach(image -> gone.remove(new Life(image.id(), image.incarnation())));
          for (Life life : gone) {
            close(links.remove(life));
          }
          Set<Life> wanted = new LinkedHashSet<>();
          for (BrokerImage image : live.values()) {
            if (image.id() != context.self()) {
              wanted.add(new Life(image.id(), image.incarnation()));
            }
          }
          wanted.removeAll(links.keySet());
          for (Life life : wanted) {
            PeerLink link = link(life);
            if (link != null) {
              begin(life, link);
              link.loop().execute(link::keep);
            }
          }
        });
  }

  private void begin(Life leader, PeerLink link) {
    if (followers.containsKey(leader.brokerId())) {
      link.loop().execute(() -> link.watch(true));
    }
    following.forEach(
        (id, which) -> {
          if (which.leader().equals(leader)) {
            link.loop().execute(() -> link.follow(id, which.leaderEpoch()));
          }
        });
  }

  private static void close(@Nullable PeerLink link) {
    if (link != null) {
      link.loop().execute(link::close);
    }
  }

  /** Tells every leader with each fetch that this broker wants no leadership. */
  public void setDraining(boolean isDraining) {
    draining = isDraining;
  }

  /** For good. */
  public void stop() {
    onStore(
        () -> {
          stopped = true;
          following.clear();
          leading.clear();
          followers.clear();
          links.values().forEach(ReplicaFetchers::close);
          links.clear();
        });
  }
}
