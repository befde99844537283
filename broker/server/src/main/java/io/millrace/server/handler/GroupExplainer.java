package io.millrace.server.handler;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.GroupFindings;
import io.millrace.server.coordinator.GroupReading;
import io.millrace.server.explain.Finding;
import io.millrace.server.explain.Reason;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Why a group is as it is. Its coordinator knows; any other broker says who that is, or why there
 * is none.
 */
final class GroupExplainer {
  /** A client asks the coordinator for three seconds, and progress may take one of them. */
  private static final long LOAD_NANOS = MILLISECONDS.toNanos(1_500);

  private static final long ASK_AGAIN_NANOS = MILLISECONDS.toNanos(20);

  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;

  GroupExplainer(Coordinators coordinators, Supplier<Catalog> catalog) {
    this.coordinators = coordinators;
    this.catalog = catalog;
  }

  void explain(InboundRequest request, String groupId) {
    Optional<Refusal> refusal = GroupShape.checkGroup(groupId);
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    Catalog now = catalog.get();
    Optional<PartitionId> id = coordinators.partitionOf(groupId);
    Optional<TopicImage> topic = coordinators.groupsTopic();
    if (id.isEmpty() || topic.isEmpty()) {
      answer(
          request,
          OptionalInt.empty(),
          List.of(
              Finding.of(Reason.GROUP_UNKNOWN, "nobody has asked for any group in this cluster")));
      return;
    }
    int number = id.get().partition();
    @Nullable PartitionImage kept =
        number < topic.get().partitions().size() ? topic.get().partitions().get(number) : null;
    List<Finding> findings = new ArrayList<>();
    if (kept == null
        || kept.leader().isEmpty()
        || !now.image().brokers().containsKey(kept.leader().getAsInt())) {
      findings.add(
          Finding.of(
              Reason.NO_COORDINATOR,
              "the group is kept in %s/%d, and nobody alive leads that%s"
                  .formatted(
                      topic.get().name(),
                      number,
                      kept == null ? "" : "; in sync are " + kept.inSync())));
      answer(request, OptionalInt.empty(), findings);
      return;
    }
    int leader = kept.leader().getAsInt();
    if (kept.replicas().size() < Math.min(3, now.image().brokers().size())) {
      findings.add(
          Finding.of(
              Reason.GROUPS_TOO_FEW_REPLICAS,
              "%s/%d has the replicas %s, of %d live brokers"
                  .formatted(
                      topic.get().name(), number, kept.replicas(), now.image().brokers().size())));
    }
    if (leader != now.self()) {
      findings.add(
          Finding.of(
              Reason.COORDINATOR_ELSEWHERE,
              "broker %d coordinates the group, as it leads %s/%d"
                  .formatted(leader, topic.get().name(), number)));
      answer(request, OptionalInt.of(leader), findings);
      return;
    }
    ask(request, groupId, now, findings, loadsUntilNanos(request));
  }

  /** Half of the asker's time at most: it shall still hear that there is nothing to hear yet. */
  private static long loadsUntilNanos(InboundRequest request) {
    long now = request.loop().clock().nanoTime();
    return now + Math.min(LOAD_NANOS, (request.deadlineNanos() - now) / 2);
  }

  /**
   * A coordinator that nobody has asked since its broker started begins to load with this question;
   * that it does is no news, so it is asked again for a while.
   */
  private void ask(
      InboundRequest request,
      String groupId,
      Catalog now,
      List<Finding> fromBefore,
      long untilNanos) {
    coordinators.describe(
        groupId,
        new Coordinators.Reply<>() {
          @Override
          public void answer(int leaderEpoch, GroupReading group) {
            coordinators.progress(
                group,
                request.loop().clock().wallMillis(),
                progress -> {
                  fromBefore.addAll(GroupFindings.of(now, group, progress));
                  GroupExplainer.answer(request, OptionalInt.of(now.self()), fromBefore);
                });
          }

          @Override
          public void refuse(Refusal why) {
            long leftNanos = untilNanos - request.loop().clock().nanoTime();
            if (why.code() == ErrorCode.GROUPS_LOADING && leftNanos > 0) {
              request
                  .loop()
                  .schedule(
                      Math.min(ASK_AGAIN_NANOS, leftNanos),
                      () -> ask(request, groupId, now, fromBefore, untilNanos));
              return;
            }
            Reason reason =
                why.code() == ErrorCode.UNKNOWN_GROUP
                    ? Reason.GROUP_UNKNOWN
                    : why.code() == ErrorCode.GROUPS_LOADING
                        ? Reason.COORDINATOR_LOADING
                        : Reason.NO_COORDINATOR;
            fromBefore.add(Finding.of(reason, why.message()));
            GroupExplainer.answer(request, OptionalInt.of(now.self()), fromBefore);
          }
        });
  }

  private static void answer(
      InboundRequest request, OptionalInt coordinator, List<Finding> findings) {
    ExplainResponse.Builder response = ExplainResponse.newBuilder();
    coordinator.ifPresent(response::setCoordinator);
    Finding.sorted(findings).forEach(finding -> response.addFindings(finding.toWire()));
    request.answer(Response.newBuilder().setExplain(response), List.of());
  }
}
