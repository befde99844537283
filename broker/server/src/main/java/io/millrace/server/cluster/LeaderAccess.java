package io.millrace.server.cluster;

import io.millrace.coordination.election.HandOver;
import io.millrace.coordination.election.SelfRemoval;
import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.store.ClusterStore;
import java.util.function.Consumer;

/** What requests, and the broker's own end, can do about who leads. Any thread. */
public record LeaderAccess(
    Leaderships leaderships, ElectionRequests elections, DrainingPeers draining) {

  /**
   * @param tellPeers that this broker is draining, or is no more; on the store's loop
   */
  public static LeaderAccess of(
      ClusterStore store,
      Outlook outlook,
      LocalPartitions partitions,
      Replicas replicas,
      PeerCalls peers,
      ElectionCounts counts,
      Consumer<Boolean> tellPeers) {
    DrainingPeers draining = new DrainingPeers();
    HandOvers handOvers =
        new HandOvers(store.loop(), outlook, partitions, new HandOver(store), replicas, counts);
    Leaderships leaderships =
        new Leaderships(
            store.loop(),
            outlook,
            replicas,
            handOvers,
            draining,
            tellPeers,
            then ->
                new LeavingInSync(
                        store.loop(),
                        outlook,
                        replicas.table(),
                        peers,
                        new SelfRemoval(store),
                        then)
                    .start());
    UncleanElections unclean =
        new UncleanElections(outlook, peers, new UncleanElection(store, outlook.self()), counts);
    replicas.setUnclean(unclean);
    return new LeaderAccess(
        leaderships,
        new ElectionRequests(store.loop(), outlook, leaderships, unclean, peers),
        draining);
  }
}
