package io.millrace.coordination.view;

import io.millrace.coordination.curator.CuratorStore;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.rpc.Tasks;

/** Opens cluster views. */
public final class ClusterViews {
  private ClusterViews() {}

  /**
   * A client's view: of the live brokers, and of the topics it is told to follow. Returns at once;
   * {@link ClusterView#isConnected} tells when ZooKeeper has been reached, which is tried for
   * without end. Closing the view closes its connection.
   */
  public static ClusterView connect(
      ZooKeeperAddress address, ZooKeeperTimeouts timeouts, Tasks tasks) {
    ClusterStore store = openStore(address, timeouts, tasks);
    return ClusterFollower.start(store, false, store::close);
  }

  /** As {@link #connect}, over a store that stays the caller's. */
  public static ClusterView ofChosenTopics(ClusterStore store) {
    return ClusterFollower.start(store, false, () -> {});
  }

  /** A broker's view: of everything, over a store that stays the caller's. */
  public static ClusterView ofEverything(ClusterStore store) {
    return ClusterFollower.start(store, true, () -> {});
  }

  /** A broker's own store, of one session, for its view, its registration and its writes. */
  public static ClusterStore openStore(
      ZooKeeperAddress address, ZooKeeperTimeouts timeouts, Tasks tasks) {
    return CuratorStore.open(
        address.connectString(),
        address.chroot(),
        timeouts.sessionMillis(),
        timeouts.connectMillis(),
        tasks);
  }
}
