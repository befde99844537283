package io.millrace.server.handler;

import io.millrace.coordination.topics.DeleteOutcome;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.DeleteTopicResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import java.util.Optional;

/** Marks a topic as deleted; its data goes after the answer. */
final class DeleteTopicHandler {
  private final TopicAccess topics;
  private final ChangeQuota quota;

  DeleteTopicHandler(TopicAccess topics, ChangeQuota quota) {
    this.topics = topics;
    this.quota = quota;
  }

  void handle(InboundRequest request) {
    DeleteTopicRequest delete = request.head().getDeleteTopic();
    String nameFault = TopicNames.fault(delete.getName());
    if (nameFault != null) {
      request.refuse(ErrorCode.INVALID_TOPIC_NAME, nameFault);
      return;
    }
    if (GroupsTopic.isName(delete.getName())) {
      request.refuse(ErrorCode.NOT_AUTHORISED, GroupsTopic.whyNot());
      return;
    }
    // However many partitions it has: getting rid of them must be possible.
    Optional<Refusal> tooMuch = quota.take(request.remote(), 1);
    if (tooMuch.isPresent()) {
      request.refuse(tooMuch.get().code(), tooMuch.get().message());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "the topic may have been deleted: ZooKeeper did not answer in time"));
    Optional<String> id =
        delete.getTopicId().isEmpty() ? Optional.empty() : Optional.of(delete.getTopicId());
    topics
        .deletion()
        .delete(delete.getName(), id)
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                onOutcome(delete.getName(), outcome, answer);
              }
            });
  }

  private static void onOutcome(String name, DeleteOutcome outcome, LateAnswer answer) {
    if (outcome instanceof DeleteOutcome.Deleting deleting) {
      answer.answer(
          Response.newBuilder()
              .setDeleteTopic(DeleteTopicResponse.newBuilder().setTopicId(deleting.topicId())));
    } else if (outcome instanceof DeleteOutcome.Unavailable unavailable) {
      answer.refuse(
          new Refusal(ErrorCode.UNAVAILABLE, "nothing was deleted: " + unavailable.why()));
    } else if (outcome instanceof DeleteOutcome.Unknown unknown) {
      answer.refuse(
          new Refusal(
              ErrorCode.OUTCOME_UNKNOWN,
              "topic " + name + " may have been deleted: " + unknown.why()));
    } else {
      answer.refuse(
          new Refusal(
              ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name + ", or not of that id"));
    }
  }
}
