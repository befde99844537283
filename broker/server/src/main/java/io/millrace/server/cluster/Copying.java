package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.Map;

/**
 * Who fetches what this broker has replicas of and does not lead. Called on the store's loop; a
 * partition has been told to follow before, and stops taking what comes when it is told so itself.
 */
public interface Copying {
  /** Where nothing is ever followed. */
  Copying NOTHING =
      new Copying() {
        @Override
        public void follow(PartitionId id, int leader, int leaderIncarnation, int leaderEpoch) {}

        @Override
        public void lead(PartitionId id, List<Integer> replicas) {}

        @Override
        public void unfollow(PartitionId id) {}

        @Override
        public void onBrokers(Map<Integer, BrokerImage> live) {}
      };

  /** In the place of what was followed before of the same partition. */
  void follow(PartitionId id, int leader, int leaderIncarnation, int leaderEpoch);

  /**
   * It is led here, so nothing of it is fetched, and whoever else has a replica is watched: writers
   * must not wait for a follower that is gone until its session has ended.
   *
   * @param replicas this broker among them
   */
  void lead(PartitionId id, List<Integer> replicas);

  /** Neither fetched nor led any more. */
  void unfollow(PartitionId id);

  /** The live brokers, by id. */
  void onBrokers(Map<Integer, BrokerImage> live);
}
