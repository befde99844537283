package io.millrace.server.broker;

import io.millrace.server.partition.Shard;
import java.util.List;

/** Lets the simulator see the inside of a broker, as no product code may. */
public final class BrokerProbe {
  private BrokerProbe() {}

  /** What owns its partitions; none before it has found its cluster. */
  public static List<Shard> shards(Broker broker) {
    return broker.shards();
  }
}
