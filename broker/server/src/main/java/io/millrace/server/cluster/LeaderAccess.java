package io.millrace.server.cluster;

import io.millrace.coordination.election.HandOver;
import io.millrace.coordination.election.Resignation;
import io.millrace.coordination.election.SelfRemoval;
import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.view.KnownPartitions;
import io.millrace.server.explain.Reason;
import io.millrace.server.explain.WaitBoard;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What requests, and the broker's own end, can do about who leads. Any thread. */
public record LeaderAccess(
    Leaderships leaderships, ElectionRequests elections, DrainingPeers draining) {

  /**
   * @param isDiskFull whether appends are being refused for lack of space; any thread
   * @param tellPeers that this broker wants to lead nothing, or does again; on the store's loop
   */
  public static LeaderAccess of(
      ClusterStore store,
      KnownPartitions known,
      Outlook outlook,
      LocalPartitions partitions,
      Replicas replicas,
      PeerCalls peers,
      ElectionCounts counts,
      WaitBoard waits,
      BooleanSupplier isDiskFull,
      Consumer<Boolean> tellPeers) {
    LeadershipWish wish = new LeadershipWish(tellPeers);
    DrainingPeers draining = new DrainingPeers();
    HandOver handOver = new HandOver(store, known);
    replicas.setHandOver(handOver);
    HandOvers handOvers =
        new HandOvers(store.loop(), outlook, partitions, handOver, replicas, counts);
    Leaderships leaderships =
        new Leaderships(
            store,
            outlook,
            replicas,
            handOvers,
            draining,
            isDraining -> {
              wish.setDraining(isDraining);
              tellOfDraining(waits, isDraining);
            },
            then ->
                new LeavingInSync(
                        store, outlook, replicas.table(), peers, new SelfRemoval(store), then)
                    .start());
    UncleanElections unclean =
        new UncleanElections(outlook, peers, new UncleanElection(store, outlook.self()), counts);
    replicas.setUnclean(unclean);
    replicas.setPeers(peers);
    FullDiskDuty fullDisk =
        new FullDiskDuty(
            store.loop().clock(),
            outlook.self(),
            replicas.table(),
            isDiskFull,
            leaderships::giveAway,
            new Resignations(store.loop(), outlook, replicas, draining, new Resignation(store))
                ::resign,
            isFull -> {
              wish.setFull(isFull);
              replicas.setDiskFull(isFull);
            });
    leaderships.atEachLook(fullDisk::look);
    replicas.setRangeRepairs(
        new RangeRepairs(
            store.loop(),
            outlook,
            partitions,
            replicas.table(),
            peers,
            leaderships::giveAway,
            waits));
    return new LeaderAccess(
        leaderships,
        new ElectionRequests(store.loop(), outlook, leaderships, unclean, peers),
        draining);
  }

  private static void tellOfDraining(WaitBoard waits, boolean isDraining) {
    if (isDraining) {
      waits.begin(Reason.DRAINING, "", "hands over what it leads, and leads nothing by preference");
    } else {
      waits.end(Reason.DRAINING, "");
    }
  }
}
