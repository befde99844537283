package io.millrace.server.handler;

import io.millrace.coordination.topics.AlterOutcome;
import io.millrace.coordination.topics.AlterationRequest;
import io.millrace.coordination.view.TopicImage;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.TopicKeys;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.AlterTopicResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Changes a topic's settings, and adds partitions or replicas. */
final class AlterTopicHandler {
  private final Supplier<Catalog> catalog;
  private final TopicAccess topics;
  private final ChangeQuota quota;

  AlterTopicHandler(Supplier<Catalog> catalog, TopicAccess topics, ChangeQuota quota) {
    this.catalog = catalog;
    this.topics = topics;
    this.quota = quota;
  }

  void handle(InboundRequest request) {
    AlterTopicRequest alter = request.head().getAlterTopic();
    TopicImage known = catalog.get().image().topics().get(alter.getName());
    Optional<Refusal> wrong = refusal(alter, known);
    if (wrong.isEmpty() && !alter.getValidateOnly()) {
      wrong = quota.take(request.remote(), cost(alter, known));
    }
    if (wrong.isPresent()) {
      request.refuse(wrong.get().code(), wrong.get().message());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "the topic may have been altered: ZooKeeper did not answer in time"));
    AlterationRequest wanted =
        new AlterationRequest(
            alter.getName(),
            alter.getTopicId().isEmpty() ? Optional.empty() : Optional.of(alter.getTopicId()),
            alter.getSetMap(),
            Set.copyOf(alter.getUnsetList()),
            alter.hasPartitions() ? OptionalInt.of(alter.getPartitions()) : OptionalInt.empty(),
            alter.hasReplicationFactor()
                ? OptionalInt.of(alter.getReplicationFactor())
                : OptionalInt.empty());
    (alter.getValidateOnly()
            ? topics.alteration().validate(wanted)
            : topics.alteration().alter(wanted))
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                if (!alter.getValidateOnly()) {
                  quota.ended(
                      request.remote(), cost(alter, known), refusal(alter.getName(), outcome));
                }
                onOutcome(alter.getName(), outcome, answer);
              }
            });
  }

  private static Optional<Refusal> refusal(AlterTopicRequest alter, @Nullable TopicImage known) {
    boolean isForReplicas =
        alter.hasReplicationFactor()
            && !alter.hasPartitions()
            && alter.getSetCount() + alter.getUnsetCount() == 0;
    if (GroupsTopic.isName(alter.getName()) && !isForReplicas) {
      return Optional.of(new Refusal(ErrorCode.NOT_AUTHORISED, GroupsTopic.whyNot()));
    }
    String nameFault = TopicNames.fault(alter.getName());
    if (nameFault != null) {
      return Optional.of(new Refusal(ErrorCode.INVALID_TOPIC_NAME, nameFault));
    }
    Set<String> unset = new HashSet<>();
    for (String key : alter.getUnsetList()) {
      if (!unset.add(key)) {
        return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, key + " is unset twice"));
      }
      // What nobody knows may still stand there, and be taken away.
      boolean stands = known != null && known.settings().containsKey(key);
      if (!stands && TopicKeys.find(key).isEmpty()) {
        return Optional.of(
            new Refusal(
                ErrorCode.INVALID_SETTING,
                "unknown key to unset; did you mean " + TopicKeys.nearest(key) + "?"));
      }
    }
    return Optional.empty();
  }

  private static int cost(AlterTopicRequest alter, @Nullable TopicImage known) {
    int before = known == null ? 0 : known.partitionCount();
    if (alter.hasReplicationFactor()) {
      return Math.max(1, before);
    }
    return alter.hasPartitions() ? Math.max(1, alter.getPartitions() - before) : 1;
  }

  private void onOutcome(String name, AlterOutcome outcome, LateAnswer answer) {
    Optional<Refusal> refusal = refusal(name, outcome);
    if (refusal.isPresent()) {
      answer.refuse(refusal.get());
    } else if (outcome instanceof AlterOutcome.Valid valid) {
      answer.answer(response(wouldBe(name, valid)));
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

  private static TopicInfo wouldBe(String name, AlterOutcome.Valid valid) {
    TopicInfo.Builder topic =
        TopicInfo.newBuilder()
            .setName(name)
            .setTopicId(valid.topicId())
            .setReplicationFactor(valid.replicationFactor())
            .putAllSettings(valid.settings());
    for (int number = 0; number < valid.partitions(); number++) {
      topic.addPartitions(PartitionInfo.newBuilder().setPartition(number));
    }
    return topic.build();
  }

  private static Response.Builder response(TopicInfo topic) {
    return Response.newBuilder().setAlterTopic(AlterTopicResponse.newBuilder().setTopic(topic));
  }

  /** Empty for a topic that has been, or could be, altered. */
  private static Optional<Refusal> refusal(String name, AlterOutcome outcome) {
    if (outcome instanceof AlterOutcome.NotFound notFound) {
      return Optional.of(new Refusal(ErrorCode.UNKNOWN_TOPIC, notFound.why()));
    }
    if (outcome instanceof AlterOutcome.Invalid invalid) {
      return Optional.of(new Refusal(code(invalid.reason()), invalid.message()));
    }
    if (outcome instanceof AlterOutcome.Unavailable unavailable) {
      return Optional.of(
          new Refusal(ErrorCode.UNAVAILABLE, "nothing was altered: " + unavailable.why()));
    }
    if (outcome instanceof AlterOutcome.Unknown unknown) {
      return Optional.of(
          new Refusal(
              ErrorCode.OUTCOME_UNKNOWN,
              "topic " + name + " may have been altered: " + unknown.why()));
    }
    return Optional.empty();
  }

  private static ErrorCode code(AlterOutcome.Invalid.Reason reason) {
    return switch (reason) {
      case SETTING -> ErrorCode.INVALID_SETTING;
      case NOT_ENOUGH_BROKERS -> ErrorCode.NOT_ENOUGH_BROKERS;
      case REQUEST, PARTITIONS, REPLICAS -> ErrorCode.INVALID_REQUEST;
    };
  }
}
