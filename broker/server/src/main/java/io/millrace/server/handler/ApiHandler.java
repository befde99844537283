package io.millrace.server.handler;

import io.millrace.coordination.ids.ProducerIds;
import io.millrace.rpc.Clock;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.RequestHandler;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.LeaderAccess;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.explain.ExplainSources;
import io.millrace.server.explain.Reason;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives each request to the handler of its api: the table of all there are. Any loop. */
public final class ApiHandler implements RequestHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ApiHandler.class);
  private static final long ONE_BUG_NANOS = 1_000_000_000;
  private static final long NEVER = Long.MIN_VALUE;

  private final ProduceHandler produce;
  private final FetchHandler fetch;
  private final ListOffsetsHandler listOffsets;
  private final TrimHandler trim;
  private final CompactHandler compact;
  private final MetadataHandler metadata;
  private final CreateTopicHandler createTopic;
  private final DeleteTopicHandler deleteTopic;
  private final AlterTopicHandler alterTopic;
  private final DescribeSettingsHandler describeSettings;
  private final DescribeTopicsHandler describeTopics;
  private final ListTopicsHandler listTopics;
  private final DescribeClusterHandler describeCluster;
  private final ExplainHandler explain;
  private final ProducerIdHandler producerId;
  private final ElectLeadersHandler electLeaders;
  private final DrainBrokerHandler drainBroker;
  private final LeaveInSyncHandler leaveInSync;
  private final ReplicaEndsHandler replicaEnds;
  private final ReaderLagsHandler readerLags;
  private final GroupHandlers groups;
  private final ReplicaAdmission admission;

  private final AtomicLong lastBugNanos = new AtomicLong(NEVER);
  private volatile Stage stage = Stage.STARTING;

  private enum Stage {
    STARTING,
    OPENING,
    SERVING,
    STOPPING
  }

  /**
   * @param catalog the newest
   */
  public ApiHandler(
      List<Shard> shards,
      Supplier<Catalog> catalog,
      TopicAccess topics,
      ProducerIds producerIds,
      BrokerSettings settings,
      ExplainSources explaining,
      LeaderAccess leaders,
      Coordinators coordinators,
      CompactionDesk compaction,
      Clock clock) {
    RequestSettings requests = settings.requests();
    TopicDefaults defaults = settings.topics();
    ChangeQuota quota = ChangeQuota.ofPartitions(requests.topicChangesPerSecond(), clock);
    produce = new ProduceHandler(shards, requests);
    fetch = new FetchHandler(shards, requests, () -> stage == Stage.STOPPING);
    trim = new TrimHandler(shards, requests);
    compact = new CompactHandler(catalog, compaction, requests);
    listOffsets = new ListOffsetsHandler(shards, requests);
    metadata = new MetadataHandler(catalog, topics, requests, defaults, quota);
    createTopic = new CreateTopicHandler(topics, defaults, quota);
    deleteTopic = new DeleteTopicHandler(topics, quota);
    alterTopic = new AlterTopicHandler(catalog, topics, quota);
    describeSettings = new DescribeSettingsHandler(catalog, settings);
    describeTopics = new DescribeTopicsHandler(catalog, requests);
    listTopics = new ListTopicsHandler(catalog);
    describeCluster =
        new DescribeClusterHandler(
            catalog, defaults, () -> explaining.board().isWaiting(Reason.NO_ZOOKEEPER));
    explain =
        new ExplainHandler(
            shards, catalog, defaults, explaining, new GroupExplainer(coordinators, catalog));
    producerId =
        new ProducerIdHandler(
            producerIds, ChangeQuota.ofProducers(requests.producerIdsPerSecond(), clock));
    electLeaders = new ElectLeadersHandler(catalog, leaders.elections());
    drainBroker = new DrainBrokerHandler(catalog, leaders.leaderships());
    leaveInSync = new LeaveInSyncHandler(shards, requests, leaders.leaderships());
    replicaEnds = new ReplicaEndsHandler(shards, requests);
    readerLags = new ReaderLagsHandler(shards, requests);
    groups = new GroupHandlers(coordinators, catalog, topics, settings);
    admission = new ReplicaAdmission(catalog, leaders.draining(), topics.view()::lookAtBroker);
  }

  /** What stands behind the listener of brokers; this itself stands behind that of clients. */
  public RequestHandler ofBrokers() {
    return request -> handle(request, true);
  }

  /**
   * Requests of clients that come before are told that the broker is starting. From now on each
   * partition is served as soon as it is led, however many others are still to be opened. Any
   * thread.
   */
  public void serveClients() {
    advance(Stage.STARTING, Stage.OPENING);
  }

  /**
   * Brokers are told until now that this one is starting: while it has so much to do they are to
   * have patience with it. Any thread.
   */
  public void serve() {
    advance(Stage.OPENING, Stage.SERVING);
  }

  /** Not from anywhere else: a stop may have come first. */
  private synchronized void advance(Stage from, Stage to) {
    if (stage == from) {
      stage = to;
    }
  }

  /** From now on every request, and every fetch that waits and is woken, is told so. Any thread. */
  public synchronized void stop() {
    stage = Stage.STOPPING;
  }

  @Override
  public void handle(InboundRequest request) {
    handle(request, false);
  }

  private void handle(InboundRequest request, boolean ofBroker) {
    Stage now = stage;
    if (now != Stage.SERVING && (now != Stage.OPENING || ofBroker)) {
      refuse(request, now);
      return;
    }
    try {
      Optional<Refusal> refusal = admission.check(request.head(), ofBroker);
      if (refusal.isPresent()) {
        request.refuse(refusal.get().code(), refusal.get().message());
      } else {
        dispatch(request, ofBroker);
      }
    } catch (RuntimeException e) {
      // A bug of ours: it must cost this request only, and must not be lost.
      logBug(request, e);
      request.refuse(
          ErrorCode.INTERNAL, "the broker failed on this request; its log at this time says how");
    }
  }

  /** A client may send the same request again and again. */
  private void logBug(InboundRequest request, RuntimeException bug) {
    long now = request.loop().clock().nanoTime();
    long last = lastBugNanos.get();
    boolean isTurn = last == NEVER || now - last >= ONE_BUG_NANOS;
    if (isTurn && lastBugNanos.compareAndSet(last, now)) {
      LOG.error(
          "{} from {} failed; others that fail within a second are not told",
          request.head().getApiCase(),
          request.remote(),
          bug);
    }
  }

  private void refuse(InboundRequest request, Stage now) {
    if (wantsNoAnswer(request.head())) {
      request.drop();
    } else if (now != Stage.STOPPING) {
      request.refuse(ErrorCode.UNAVAILABLE, "the broker is starting; retry");
    } else {
      request.refuse(ErrorCode.STOPPING, "the broker is stopping; find the new leader and retry");
    }
  }

  private void dispatch(InboundRequest request, boolean ofBroker) {
    switch (request.head().getApiCase()) {
      case PRODUCE -> produce.handle(request);
      case FETCH -> fetch.handle(request);
      case LIST_OFFSETS -> listOffsets.handle(request);
      case METADATA -> metadata.handle(request);
      case CREATE_TOPIC -> createTopic.handle(request);
      case DELETE_TOPIC -> deleteTopic.handle(request);
      case TRIM -> trim.handle(request);
      case COMPACT -> compact.handle(request);
      case ALTER_TOPIC -> alterTopic.handle(request);
      case DESCRIBE_SETTINGS -> describeSettings.handle(request);
      case DESCRIBE_TOPICS -> describeTopics.handle(request);
      case LIST_TOPICS -> listTopics.handle(request);
      case DESCRIBE_CLUSTER -> describeCluster.handle(request);
      case EXPLAIN -> explain.handle(request);
      case PRODUCER_ID -> producerId.handle(request);
      case ELECT_LEADERS -> electLeaders.handle(request, ofBroker);
      case DRAIN_BROKER -> drainBroker.handle(request);
      case LEAVE_IN_SYNC -> leaveInSync.handle(request);
      case REPLICA_ENDS -> replicaEnds.handle(request);
      case READER_LAGS -> readerLags.handle(request);
      case LOCATE_GROUP,
          GROUP_HEARTBEAT,
          COMMIT_OFFSETS,
          FETCH_OFFSETS,
          LIST_GROUPS,
          DESCRIBE_GROUP,
          DELETE_GROUP ->
          groups.handle(request);
      case HELLO ->
          request.refuse(ErrorCode.INVALID_REQUEST, "a connection says Hello once, and first");
      case API_NOT_SET ->
          request.refuse(
              ErrorCode.UNSUPPORTED,
              "no api that is known here; known are produce, producer_id, fetch, list_offsets,"
                  + " trim, compact, metadata, create_topic, alter_topic, delete_topic,"
                  + " describe_topics, list_topics, describe_cluster, describe_settings, explain,"
                  + " elect_leaders, drain_broker, locate_group, group_heartbeat, commit_offsets,"
                  + " fetch_offsets, list_groups, describe_group, delete_group");
    }
  }

  private static boolean wantsNoAnswer(Request request) {
    return request.hasProduce() && request.getProduce().getDurability() == Durability.NONE;
  }
}
