package io.millrace.server.broker;

import io.millrace.coordination.election.LeavingInDoubt;
import io.millrace.coordination.election.PartitionElection;
import io.millrace.coordination.election.SetsWrite;
import io.millrace.coordination.ids.ProducerIds;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.topics.DeletionProgress;
import io.millrace.coordination.topics.TopicAlteration;
import io.millrace.coordination.topics.TopicCreation;
import io.millrace.coordination.topics.TopicDeletion;
import io.millrace.coordination.topics.TopicSweep;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.EventLoop;
import io.millrace.server.cluster.CurrentCatalog;
import io.millrace.server.cluster.ElectionCounts;
import io.millrace.server.cluster.Elections;
import io.millrace.server.cluster.LeaderAccess;
import io.millrace.server.cluster.LocalPartitions;
import io.millrace.server.cluster.OfflineElsewhere;
import io.millrace.server.cluster.Outlook;
import io.millrace.server.cluster.PeerCalls;
import io.millrace.server.cluster.Replicas;
import io.millrace.server.cluster.Roles;
import io.millrace.server.cluster.TrashDuty;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.StorageSettings;
import io.millrace.server.config.TopicSettingCheck;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.LeaderLags;
import io.millrace.server.explain.CompactionFindings;
import io.millrace.server.explain.ExplainSources;
import io.millrace.server.explain.ScrubFinding;
import io.millrace.server.explain.WaitBoard;
import io.millrace.server.handler.ApiHandler;
import io.millrace.server.handler.TopicAccess;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.PartitionOpening;
import io.millrace.server.partition.Shard;
import io.millrace.server.replication.ReplicaFetchers;
import io.millrace.server.replication.SuspicionListener;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.Identity;
import io.millrace.storage.log.LogStore;
import io.millrace.storage.log.StoreConfig;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** The parts of a broker that has found its cluster, wired together. */
record Parts(
    LogStore logs,
    List<Shard> shards,
    CurrentCatalog catalog,
    ClusterView view,
    ElectionCounts elections,
    ReplicaFetchers fetchers,
    Replicas replicas,
    LeaderAccess leaders,
    TrashDuty trash,
    WaitBoard waits,
    Coordinators coordinators,
    ApiHandler api) {
  private static final int CONNECT_MILLIS = 1_000;

  /**
   * On the housekeeping worker.
   *
   * @param directory adopted
   * @param health of this broker, for whoever asks it to explain itself
   * @param onDiskFailure hears once, on a worker
   * @throws IOException the data directory cannot be read
   */
  static Parts assemble(
      BrokerSettings settings,
      BrokerSeams seams,
      ClusterStore store,
      DataDirectory directory,
      EventLoop housekeeping,
      EventLoop flush,
      EventLoop coldRead,
      BrokerHealth health,
      Consumer<Throwable> onDiskFailure)
      throws IOException {
    int self = settings.identity().brokerId();
    StorageSettings storage = settings.storage();
    LogStore logs =
        new LogStore(
            directory,
            flush,
            housekeeping,
            coldRead,
            new StoreConfig(StoreConfig.DEFAULT.maxOpenFiles(), storage.checkpointIntervalMillis())
                .withScrubIntervalMillis(storage.scrubIntervalMillis())
                .withCompaction(storage.compaction()),
            onDiskFailure);
    CurrentCatalog catalog = new CurrentCatalog(self);
    List<Shard> shards =
        seams.transport().loops().stream()
            .map(loop -> new Shard(loop, id -> catalog.get().whyNotHere(id)))
            .toList();
    LocalPartitions partitions =
        new LocalPartitions(
            store.loop(),
            shards,
            new PartitionOpening(logs, storage.flushIntervalMillis()),
            logs,
            settings.topics(),
            directory.partitions());
    ClusterView view = ClusterViews.ofEverything(store);
    TopicDeletion deletion = new TopicDeletion(store, self);
    TrashDuty trash =
        new TrashDuty(
            store.loop(),
            partitions,
            deletion,
            new DeletionProgress(store, self),
            new TopicSweep(store, view));
    Elections elections =
        new Elections(store.loop(), new PartitionElection(store, view), partitions);
    ReplicaFetchers fetchers =
        new ReplicaFetchers(
            self,
            settings.replication(),
            connections(self, directory),
            seams.transport(),
            seams.tasks(),
            shards,
            store.loop());
    Roles roles = new Roles(partitions, fetchers, new SetsWrite(store), new LeavingInDoubt(store));
    Outlook outlook = new Outlook(self);
    Replicas replicas = new Replicas(store.loop(), outlook, partitions, elections, roles, trash);
    replicas.setLookAgain(id -> view.lookAt(id.topicId(), id.partition()));
    fetchers.listen(suspicions(replicas, elections.counts()));
    WaitBoard waits = new WaitBoard(seams.tasks().clock());
    PeerCalls peers = new PeerCalls(seams.transport(), connections(self, directory), store.loop());
    LeaderAccess leaders =
        LeaderAccess.of(
            store,
            view,
            outlook,
            partitions,
            replicas,
            peers,
            elections.counts(),
            waits,
            logs::isDiskFull,
            fetchers::setDraining);
    TopicSettingCheck check =
        new TopicSettingCheck(settings.topics(), settings.requests().maxRequestBytes());
    ProducerIds producerIds = new ProducerIds(store, seams.tasks().random());
    producerIds.takeAhead();
    Coordinators coordinators =
        new Coordinators(
            shards,
            catalog,
            new LeaderLags(shards, catalog, peers),
            settings.groupRetentionMillis());
    ApiHandler api =
        new ApiHandler(
            shards,
            catalog,
            new TopicAccess(
                view,
                new TopicCreation(store, view, seams.tasks(), self, check),
                new TopicAlteration(store, view, seams.tasks(), self, check),
                deletion),
            producerIds,
            settings,
            explainSources(
                store.loop(),
                waits,
                health,
                replicas,
                new OfflineElsewhere(store.loop(), outlook, peers),
                logs,
                storage.compaction().bytesPerSecond(),
                view),
            leaders,
            coordinators,
            logs::compactNow,
            seams.tasks().clock());
    return new Parts(
        logs,
        shards,
        catalog,
        view,
        elections.counts(),
        fetchers,
        replicas,
        leaders,
        trash,
        waits,
        coordinators,
        api);
  }

  /** As other brokers are connected to: of this cluster, and there or not within a second. */
  private static ConnectionSettings connections(int self, DataDirectory directory) {
    return ConnectionSettings.of("broker-" + self, SoftwareVersion.CURRENT)
        .withClusterId(directory.identity().map(Identity::clusterId).orElse(""))
        .withConnectTimeoutMillis(CONNECT_MILLIS);
  }

  private static SuspicionListener suspicions(Replicas replicas, ElectionCounts counts) {
    return new SuspicionListener() {
      @Override
      public void suspected(int brokerId, int incarnation, String why) {
        counts.suspected();
        replicas.onSuspected(brokerId, incarnation, why);
      }

      @Override
      public void cleared(int brokerId, int incarnation) {
        replicas.onCleared(brokerId, incarnation);
      }
    };
  }

  private static ExplainSources explainSources(
      EventLoop store,
      WaitBoard board,
      BrokerHealth health,
      Replicas replicas,
      OfflineElsewhere offlineElsewhere,
      LogStore logs,
      long bytesPerSecond,
      ClusterView view) {
    return new ExplainSources(
        board,
        health,
        store,
        replicas::waitsOf,
        replicas::suspected,
        offlineElsewhere::of,
        logs::isDiskFull,
        () ->
            ScrubFinding.of(
                logs.counters().scrubProgress(),
                logs.counters().scrubEndedMillis(),
                logs.counters().damages(),
                logs.counters().repairs()),
        new CompactionFindings(logs::compactions, bytesPerSecond),
        view::refusedNodes);
  }
}
