package io.millrace.coordination.curator;

import org.apache.curator.utils.ZookeeperFactory;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;

/**
 * Makes the handles for Curator, and tells what happens to each by the handle it happens to:
 * Curator's own connection states do not say whose they are.
 */
final class ZooKeeperHandles implements ZookeeperFactory {
  /** Hears, on ZooKeeper's threads, in the order in which things happen to one handle. */
  interface Listener {
    void onState(ZooKeeper handle, KeeperState state);
  }

  private final ZKClientConfig config;
  private final Listener listener;

  ZooKeeperHandles(ZKClientConfig config, Listener listener) {
    this.config = config;
    this.listener = listener;
  }

  @Override
  public ZooKeeper newZooKeeper(
      String connectString, int sessionTimeout, Watcher watcher, boolean canBeReadOnly)
      throws Exception {
    Born born = new Born(watcher);
    // The handle's event thread starts inside the constructor; it waits for us in process().
    synchronized (born) {
      born.handle = new ZooKeeper(connectString, sessionTimeout, born, canBeReadOnly, config);
      return born.handle;
    }
  }

  private final class Born implements Watcher {
    private final Watcher curator;
    private ZooKeeper handle;

    // The handle is set before anybody can enter the monitor.
    @SuppressWarnings("NullAway.Init")
    Born(Watcher curator) {
      this.curator = curator;
    }

    @Override
    public void process(WatchedEvent event) {
      if (event.getType() == EventType.None) {
        ZooKeeper mine;
        synchronized (this) {
          mine = handle;
        }
        listener.onState(mine, event.getState());
      }
      curator.process(event);
    }
  }
}
