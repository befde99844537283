package io.millrace.server.handler;

import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.Clock;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.explain.BrokerExplanation;
import io.millrace.server.explain.BrokerScene;
import io.millrace.server.explain.ExplainSources;
import io.millrace.server.explain.Finding;
import io.millrace.server.explain.PartitionExplanation;
import io.millrace.server.explain.PartitionScene;
import io.millrace.server.explain.Reason;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainPartition;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Why a partition, or this broker, is as it is: puts together what the owners know, each asked on
 * its own loop, and gives it to the pure explanations. A loop that does not come round is left out
 * at the deadline, since explaining trouble is what this is for.
 */
final class ExplainHandler {
  private static final long PATIENCE_NANOS = 1_000_000_000;

  /** What is so of a broker that every partition there feels. */
  private static final Set<Reason> PARTITIONS_SHARE =
      Set.of(Reason.NO_ZOOKEEPER, Reason.DISK_FULL, Reason.DRAINING);

  private final List<Shard> shards;
  private final Supplier<Catalog> catalog;
  private final TopicDefaults defaults;
  private final ExplainSources sources;
  private final GroupExplainer groups;

  ExplainHandler(
      List<Shard> shards,
      Supplier<Catalog> catalog,
      TopicDefaults defaults,
      ExplainSources sources,
      GroupExplainer groups) {
    this.shards = shards;
    this.catalog = catalog;
    this.defaults = defaults;
    this.sources = sources;
    this.groups = groups;
  }

  void handle(InboundRequest request) {
    if (request.head().getExplain().hasPartition()) {
      explain(request, request.head().getExplain().getPartition());
    } else if (request.head().getExplain().hasGroup()) {
      groups.explain(request, request.head().getExplain().getGroup());
    } else {
      explainBroker(request);
    }
  }

  private void explain(InboundRequest request, ExplainPartition which) {
    Catalog now = catalog.get();
    TopicImage topic = now.image().topics().get(which.getTopic());
    if (topic == null) {
      request.refuse(ErrorCode.UNKNOWN_TOPIC, "there is no topic of this name");
      return;
    }
    int number = which.getPartition();
    if (number < 0 || number >= topic.partitionCount()) {
      Refusal refusal = now.whyNotHere(new PartitionId(topic.id(), number));
      request.refuse(refusal.code(), refusal.message());
      return;
    }
    PartitionId id = new PartitionId(topic.id(), number);
    Shard owner = id.ownerAmong(shards);
    FirstAnswer answer =
        new FirstAnswer(
            request,
            () -> findings(now, topic, id, Optional.empty(), Waits.NONE, request.loop().clock()));
    sources
        .store()
        .execute(
            () -> {
              List<Finding> ofReplica = sources.waitsOf().apply(id);
              Map<Integer, String> suspected = sources.suspected().get();
              sources
                  .offlineElsewhere()
                  .apply(id)
                  .thenAccept(
                      offline -> {
                        Waits waits = new Waits(ofReplica, suspected, offline);
                        owner.deliver(
                            () -> {
                              Optional<PartitionScene.Here> here = here(owner.find(id));
                              answer.give(
                                  findings(now, topic, id, here, waits, owner.loop().clock()));
                            });
                      });
            });
  }

  private static Optional<PartitionScene.Here> here(@Nullable Partition partition) {
    return partition == null
        ? Optional.empty()
        : Optional.of(new PartitionScene.Here(partition.reading(), partition.leadership()));
  }

  private List<Finding> findings(
      Catalog now,
      TopicImage topic,
      PartitionId id,
      Optional<PartitionScene.Here> here,
      Waits fromStore,
      Clock clock) {
    List<Finding> waits = new ArrayList<>(sources.board().of(id));
    waits.addAll(fromStore.ofReplica());
    if (here.isPresent()) {
      ofThisBroker().stream()
          .filter(each -> PARTITIONS_SHARE.contains(each.reason()))
          .forEach(waits::add);
    }
    waits.addAll(sources.compaction().of(now.self(), id, clock.wallMillis()));
    int minInSync =
        TopicSettings.understood(topic.settings(), topic.replicationFactor(), defaults).minInSync();
    return PartitionExplanation.of(
        new PartitionScene(
            now.self(),
            now.image(),
            topic,
            id.partition(),
            minInSync,
            here,
            fromStore.suspected(),
            fromStore.offlineElsewhere(),
            sources
                .refusedNodes()
                .get()
                .getOrDefault(ZnodePaths.partition(topic.id(), id.partition()), ""),
            waits,
            new PartitionScene.Moment(clock.wallMillis(), clock.nanoTime())));
  }

  private void explainBroker(InboundRequest request) {
    FirstAnswer answer = new FirstAnswer(request, () -> broker(List.of(), Map.of()));
    sources
        .store()
        .execute(
            () -> {
              Map<Integer, String> suspected = sources.suspected().get();
              Gather<ShardParts> parts =
                  new Gather<>(shards.size(), all -> answer.give(broker(all, suspected)));
              for (int i = 0; i < shards.size(); i++) {
                int index = i;
                Shard shard = shards.get(i);
                shard.deliver(
                    () -> parts.fill(index, new ShardParts(shard.readings(), shard.unopened())));
              }
            });
  }

  /** What the store's loop has to say. */
  private record Waits(
      List<Finding> ofReplica,
      Map<Integer, String> suspected,
      Map<Integer, String> offlineElsewhere) {
    static final Waits NONE = new Waits(List.of(), Map.of(), Map.of());
  }

  private record ShardParts(List<PartitionReading> readings, int unopened) {}

  private List<Finding> broker(List<ShardParts> parts, Map<Integer, String> suspected) {
    Catalog now = catalog.get();
    List<Finding> stored = new ArrayList<>(ofThisBroker());
    stored.add(sources.ofDisk().get());
    stored.addAll(sources.compaction().troubles(sources.store().clock().wallMillis()));
    return BrokerExplanation.of(
        new BrokerScene(
            now.self(),
            now.image(),
            sources.health().ready(),
            parts.stream().flatMap(part -> part.readings().stream()).toList(),
            parts.stream().mapToInt(ShardParts::unopened).sum(),
            suspected,
            sources.refusedNodes().get(),
            stored));
  }

  private List<Finding> ofThisBroker() {
    List<Finding> findings = new ArrayList<>(sources.board().ofBroker());
    if (sources.diskFull().getAsBoolean()) {
      findings.add(
          Finding.of(
              Reason.DISK_FULL,
              "the disk of broker %d is full: it takes no records"
                  .formatted(catalog.get().self())));
    }
    return findings;
  }

  /** Whoever comes first: the owners, or the end of patience with what is known without them. */
  private static final class FirstAnswer {
    private final LateAnswer answer;

    FirstAnswer(InboundRequest request, Supplier<List<Finding>> withoutOwners) {
      this.answer =
          new LateAnswer(
              request,
              new Refusal(
                  ErrorCode.TIMED_OUT, "the loop that knows did not answer; see the broker's log"));
      request.loop().schedule(PATIENCE_NANOS, () -> give(withoutOwners.get()));
    }

    void give(List<Finding> findings) {
      ExplainResponse.Builder response = ExplainResponse.newBuilder();
      findings.forEach(finding -> response.addFindings(finding.toWire()));
      answer.answer(Response.newBuilder().setExplain(response));
    }
  }
}
