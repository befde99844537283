package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import java.util.List;

/** Which brokers there are to be asked. */
final class LiveBrokers {
  private LiveBrokers() {}

  /**
   * @throws CommandFailedException not found: it is not alive
   */
  static void require(AdminSession session, int id) throws Exception {
    require(session.ask(Admin::describeCluster), id);
  }

  /**
   * @throws CommandFailedException not found: it is not alive
   */
  static void require(ClusterDescription cluster, int id) {
    List<Integer> alive = cluster.brokers().stream().map(Broker::id).sorted().toList();
    if (!alive.contains(id)) {
      throw new CommandFailedException(
          ExitCode.NOT_FOUND, "no broker %d is alive; there are %s".formatted(id, alive));
    }
  }
}
