package io.millrace.client.cluster;

import io.millrace.client.Discovery;
import java.util.function.BooleanSupplier;

/** A cluster with brokers 1 and 2 in virtual time, and one client's way of finding it. */
interface DiscoveryWorld {
  Discovery discovery();

  void createTopic(String name, int partitions);

  void deleteTopic(String name);

  /** Another leader epoch for partition 0, higher than any before. */
  void changeLeaderEpoch(String topic, int epoch);

  /** Nobody the discovery asks can be reached. */
  void cutOff();

  void restore();

  void await(String what, BooleanSupplier condition);

  /** A moment. */
  void settle();
}
