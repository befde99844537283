package io.millrace.server.handler;

import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.coordinator.GroupsTopicStart;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Says where a group is kept; the first who asks in a cluster has the topic for it made. */
final class LocateGroupHandler {
  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;
  private final TopicAccess topics;
  private final GroupsTopicStart start;

  LocateGroupHandler(
      Coordinators coordinators,
      Supplier<Catalog> catalog,
      TopicAccess topics,
      GroupsTopicStart start) {
    this.coordinators = coordinators;
    this.catalog = catalog;
    this.topics = topics;
    this.start = start;
  }

  void handle(InboundRequest request) {
    String groupId = request.head().getLocateGroup().getGroupId();
    Optional<Refusal> refusal = GroupShape.checkGroup(groupId);
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    Optional<Response.Builder> known = where(groupId);
    if (known.isPresent()) {
      request.answer(known.get(), List.of());
      return;
    }
    GroupsTopicStart.Verdict verdict =
        start.decide(catalog.get().image(), request.loop().clock().nanoTime());
    if (!(verdict instanceof GroupsTopicStart.Verdict.Make make)) {
      GroupReply.refuse(
          request,
          new Refusal(ErrorCode.UNAVAILABLE, ((GroupsTopicStart.Verdict.Wait) verdict).why()));
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request, new Refusal(ErrorCode.UNAVAILABLE, "ZooKeeper did not answer in time; retry"));
    topics
        .creation()
        .create(make.topic())
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                onOutcome(groupId, outcome, answer);
              }
            });
  }

  private void onOutcome(String groupId, CreateOutcome outcome, LateAnswer answer) {
    Optional<Refusal> refusal =
        outcome instanceof CreateOutcome.Exists
            ? Optional.empty()
            : CreateOutcomes.refusal(GroupsTopic.NAME, outcome);
    if (refusal.isPresent()) {
      // Whatever it is: asking again makes it or finds it.
      answer.refuse(new Refusal(ErrorCode.UNAVAILABLE, refusal.get().message()));
      return;
    }
    topics
        .view()
        .follow(List.of(GroupsTopic.NAME))
        .whenComplete(
            (image, bug) -> {
              if (bug != null) {
                answer.failed(bug);
                return;
              }
              where(groupId)
                  .ifPresentOrElse(
                      answer::answer,
                      () ->
                          answer.refuse(
                              new Refusal(
                                  ErrorCode.UNAVAILABLE,
                                  "topic " + GroupsTopic.NAME + " is being made; retry")));
            });
  }

  private Optional<Response.Builder> where(String groupId) {
    Optional<TopicImage> topic = coordinators.groupsTopic();
    Optional<PartitionId> partition = coordinators.partitionOf(groupId);
    return topic.flatMap(
        found ->
            partition.map(
                id ->
                    Response.newBuilder()
                        .setLocateGroup(
                            LocateGroupResponse.newBuilder()
                                .setTopic(found.name())
                                .setTopicId(id.topicId())
                                .setPartition(id.partition())
                                .setPartitionCount(found.partitionCount()))));
  }
}
