package io.millrace.client.cluster;

import io.millrace.client.ClientSettings;
import io.millrace.client.ClusterMap;
import io.millrace.client.Discovery;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.coordination.view.ZooKeeperAddress;
import io.millrace.coordination.view.ZooKeeperTimeouts;
import io.millrace.rpc.Tasks;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Finds leaders in ZooKeeper, with watches on the live brokers and on the topics in use. */
public final class ZooKeeperDiscovery implements Discovery {
  private final ClusterView view;

  /** Over a view that is closed with it. */
  public ZooKeeperDiscovery(ClusterView view) {
    this.view = view;
  }

  /**
   * By the cluster's address.
   *
   * @throws InvalidSettingException the address is malformed
   */
  public static Discovery open(ClientSettings settings, Tasks tasks) {
    String address = settings.cluster();
    ZooKeeperAddress parsed;
    ZooKeeperTimeouts timeouts;
    try {
      parsed = ZooKeeperAddress.parse(address);
      timeouts =
          new ZooKeeperTimeouts(
              (int) settings.clusterSessionTimeout().toMillis(),
              (int) settings.clusterConnectTimeout().toMillis());
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException("cluster", "cluster: " + e.getMessage());
    }
    return new ZooKeeperDiscovery(ClusterViews.connect(parsed, timeouts, tasks));
  }

  @Override
  public ClusterMap current() {
    return StoreImages.map(view.image());
  }

  @Override
  public CompletionStage<ClusterMap> lookup(Collection<String> topics) {
    return view.follow(topics).thenApply(StoreImages::map);
  }

  @Override
  public AutoCloseable onChange(Consumer<ClusterMap> listener) {
    return view.onChange(image -> listener.accept(StoreImages.map(image)));
  }

  @Override
  public boolean isConnected() {
    return view.isConnected();
  }

  @Override
  public String trouble() {
    return view.isConnected() ? "" : "there is no contact with ZooKeeper";
  }

  @Override
  public void close() {
    view.close();
  }
}
