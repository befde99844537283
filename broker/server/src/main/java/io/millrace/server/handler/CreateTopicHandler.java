package io.millrace.server.handler;

import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicRequest;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.CreateTopicResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Creates a topic, and answers once this broker sees it itself. */
final class CreateTopicHandler {
  private final TopicAccess topics;
  private final TopicDefaults defaults;
  private final ChangeQuota quota;

  CreateTopicHandler(TopicAccess topics, TopicDefaults defaults, ChangeQuota quota) {
    this.topics = topics;
    this.defaults = defaults;
    this.quota = quota;
  }

  void handle(InboundRequest request) {
    CreateTopicRequest create = request.head().getCreateTopic();
    TopicRequest wanted =
        new TopicRequest(
            create.getName(),
            create.hasPartitions() ? create.getPartitions() : defaults.partitions(),
            create.hasReplicationFactor()
                ? OptionalInt.of(create.getReplicationFactor())
                : OptionalInt.empty(),
            create.getSettingsMap());
    if (!create.getValidateOnly()) {
      Optional<Refusal> tooMuch = quota.take(request.remote(), wanted.partitions());
      if (tooMuch.isPresent()) {
        request.refuse(tooMuch.get().code(), tooMuch.get().message());
        return;
      }
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "the topic may have been created: ZooKeeper did not answer in time"));
    topics
        .create(wanted, create.getValidateOnly())
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                if (!create.getValidateOnly()) {
                  quota.ended(
                      request.remote(),
                      wanted.partitions(),
                      CreateOutcomes.refusal(create.getName(), outcome));
                }
                onOutcome(create.getName(), outcome, answer);
              }
            });
  }

  private void onOutcome(String name, CreateOutcome outcome, LateAnswer answer) {
    Optional<Refusal> refusal = CreateOutcomes.refusal(name, outcome);
    if (refusal.isPresent()) {
      answer.refuse(refusal.get());
    } else if (outcome instanceof CreateOutcome.Valid valid) {
      answer.answer(
          response(
              TopicInfo.newBuilder()
                  .setName(name)
                  .setReplicationFactor(valid.replicationFactor())
                  .build()));
    } else {
      topics
          .view()
          .follow(List.of(name))
          .whenComplete(
              (image, bug) -> {
                if (bug != null) {
                  answer.failed(bug);
                } else {
                  answer.answer(response(TopicInfos.named(image, name)));
                }
              });
    }
  }

  private static Response.Builder response(TopicInfo topic) {
    return Response.newBuilder().setCreateTopic(CreateTopicResponse.newBuilder().setTopic(topic));
  }
}
