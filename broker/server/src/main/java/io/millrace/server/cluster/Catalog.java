package io.millrace.server.cluster;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.KnownLeader;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One cluster image with its topics by id as well, since requests name topics by id.
 *
 * @param self this broker's id
 */
public record Catalog(int self, ClusterImage image, Map<String, TopicImage> topicsById) {
  public static Catalog of(int self, ClusterImage image) {
    // In order: whoever goes through them does so in the same order in every process.
    Map<String, TopicImage> byId = new TreeMap<>();
    image.topics().values().forEach(topic -> byId.put(topic.id(), topic));
    return new Catalog(self, image, Collections.unmodifiableMap(byId));
  }

  /** Of the live brokers, by id. */
  Map<Integer, Integer> incarnations() {
    Map<Integer, Integer> incarnations = new TreeMap<>();
    image.brokers().values().forEach(it -> incarnations.put(it.id(), it.incarnation()));
    return incarnations;
  }

  public Optional<TopicImage> topic(String id) {
    return Optional.ofNullable(topicsById.get(id));
  }

  /** For a partition that this broker does not have open: why not, and where it may be. */
  public Refusal whyNotHere(PartitionId id) {
    TopicImage topic = topicsById.get(id.topicId());
    if (topic == null) {
      return new Refusal(
          ErrorCode.UNKNOWN_TOPIC,
          "no topic has the id "
              + id.topicId()
              + "; it may have been deleted, or made anew under another id: read the metadata");
    }
    if (topic.deleting()) {
      return new Refusal(ErrorCode.UNKNOWN_TOPIC, "topic " + topic.name() + " is being deleted");
    }
    if (id.partition() < 0 || id.partition() >= topic.partitionCount()) {
      return new Refusal(
          ErrorCode.UNKNOWN_PARTITION,
          "topic "
              + topic.name()
              + " has partitions 0 to "
              + (topic.partitionCount() - 1)
              + ", not "
              + Integer.toUnsignedString(id.partition()));
    }
    return new Refusal(
        ErrorCode.NOT_LEADER,
        "not the leader: " + whoLeads(topic, id.partition()),
        leader(topic, id.partition()));
  }

  private Optional<KnownLeader> leader(TopicImage topic, int number) {
    @Nullable PartitionImage partition =
        number < topic.partitions().size() ? topic.partitions().get(number) : null;
    return partition == null
            || partition.leader().isEmpty()
            || partition.leader().getAsInt() == self
        ? Optional.empty()
        : Optional.of(new KnownLeader(partition.leader().getAsInt(), partition.leaderEpoch()));
  }

  private String whoLeads(TopicImage topic, int number) {
    @Nullable PartitionImage partition =
        number < topic.partitions().size() ? topic.partitions().get(number) : null;
    if (partition == null) {
      return "the state of " + topic.name() + "-" + number + " cannot be read yet";
    }
    if (partition.leader().isEmpty()) {
      return "nobody leads " + topic.name() + "-" + number + " now";
    }
    int leader = partition.leader().getAsInt();
    return leader == self
        ? "this broker is opening " + topic.name() + "-" + number
        : "broker " + leader + " leads " + topic.name() + "-" + number;
  }
}
