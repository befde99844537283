package io.millrace.server.handler;

import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who leads what. Answers from the image; a topic that is not in it is looked for at the store
 * before it is said not to exist, and created if both sides want that.
 */
final class MetadataHandler {
  private final Supplier<Catalog> catalog;
  private final TopicAccess topics;
  private final RequestSettings settings;
  private final TopicDefaults defaults;
  private final ChangeQuota quota;

  MetadataHandler(
      Supplier<Catalog> catalog,
      TopicAccess topics,
      RequestSettings settings,
      TopicDefaults defaults,
      ChangeQuota quota) {
    this.catalog = catalog;
    this.topics = topics;
    this.settings = settings;
    this.defaults = defaults;
    this.quota = quota;
  }

  void handle(InboundRequest request) {
    MetadataRequest metadata = request.head().getMetadata();
    if (metadata.getTopicsCount() > settings.maxPartitions()) {
      Refusal refusal = PartitionCount.tooMany(metadata.getTopicsCount(), settings.maxPartitions());
      request.refuse(refusal.code(), refusal.message());
      return;
    }
    ClusterImage image = catalog.get().image();
    Set<String> missing = missing(metadata.getTopicsList(), image);
    if (missing.isEmpty() || !topics.view().isConnected()) {
      request.answer(response(metadata, image, Map.of()), List.of());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request, new Refusal(ErrorCode.UNAVAILABLE, "ZooKeeper did not answer in time; retry"));
    boolean create = metadata.getAutoCreate() && defaults.autoCreate();
    Optional<Refusal> tooMuch =
        create
            ? quota.take(request.remote(), missing.size() * defaults.partitions())
            : Optional.empty();
    Map<String, Refusal> faults = new LinkedHashMap<>();
    tooMuch.ifPresent(refusal -> missing.forEach(name -> faults.put(name, refusal)));
    lookAgain(metadata, answer, create && tooMuch.isEmpty(), faults);
  }

  private static Set<String> missing(List<String> names, ClusterImage image) {
    Set<String> missing = new LinkedHashSet<>();
    for (String name : names) {
      if (!image.topics().containsKey(name) && TopicNames.fault(name) == null) {
        missing.add(name);
      }
    }
    return missing;
  }

  private void lookAgain(
      MetadataRequest metadata, LateAnswer answer, boolean create, Map<String, Refusal> faults) {
    topics
        .view()
        .follow(missing(metadata.getTopicsList(), catalog.get().image()))
        .whenComplete(
            (image, bug) -> {
              if (bug != null) {
                answer.failed(bug);
                return;
              }
              Set<String> missing = missing(metadata.getTopicsList(), image);
              missing.removeIf(GroupsTopic::isName); // made when a group is located, not before
              if (create && !missing.isEmpty()) {
                create(metadata, answer, List.copyOf(missing));
              } else {
                answer.answer(response(metadata, image, faults));
              }
            });
  }

  private void create(MetadataRequest metadata, LateAnswer answer, List<String> names) {
    Gather<Optional<Refusal>> outcomes =
        new Gather<>(
            names.size(),
            all -> {
              Map<String, Refusal> faults = new LinkedHashMap<>();
              for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                all.get(i).ifPresent(refusal -> faults.put(name, refusal));
              }
              lookAgain(metadata, answer, false, faults);
            });
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      int index = i;
      TopicRequest wanted =
          new TopicRequest(name, defaults.partitions(), OptionalInt.empty(), Map.of());
      topics
          .create(wanted, false)
          .whenComplete((outcome, bug) -> outcomes.fill(index, refusal(name, outcome, bug)));
    }
  }

  /** That somebody else was faster is what was wanted. */
  private static Optional<Refusal> refusal(
      String name, @Nullable CreateOutcome outcome, @Nullable Throwable bug) {
    if (outcome == null) {
      return Optional.of(new Refusal(ErrorCode.INTERNAL, "creating " + name + " failed: " + bug));
    }
    return CreateOutcomes.refusal(name, outcome)
        .filter(refusal -> refusal.code() != ErrorCode.TOPIC_EXISTS);
  }

  private static Response.Builder response(
      MetadataRequest metadata, ClusterImage image, Map<String, Refusal> faults) {
    List<TopicInfo> topics = new ArrayList<>();
    for (String name : metadata.getTopicsList()) {
      topics.add(topic(name, image, faults.get(name)));
    }
    return Response.newBuilder()
        .setMetadata(
            MetadataResponse.newBuilder()
                .setClusterId(image.clusterId())
                .addAllBrokers(TopicInfos.brokers(image))
                .addAllTopics(topics));
  }

  private static TopicInfo topic(String name, ClusterImage image, @Nullable Refusal creation) {
    TopicInfo topic = TopicInfos.named(image, name);
    if (!topic.hasError()) {
      return topic;
    }
    String nameFault = TopicNames.fault(name);
    if (nameFault != null) {
      return TopicInfos.failed(name, ErrorCode.INVALID_TOPIC_NAME, nameFault);
    }
    return creation == null ? topic : TopicInfos.failed(name, creation.code(), creation.message());
  }
}
