package io.millrace.server.coordinator;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.AssignmentInput.TopicShape;
import io.millrace.server.group.TopicDirectory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The topics that this broker knows of, for groups. */
record CatalogTopics(Catalog catalog) implements TopicDirectory {
  @Override
  public Optional<Topic> find(String name) {
    TopicImage topic = catalog.image().topics().get(name);
    return topic == null || topic.deleting()
        ? Optional.empty()
        : Optional.of(new Topic(topic.id(), shape(topic)));
  }

  private TopicShape shape(TopicImage topic) {
    List<Set<String>> racks = new ArrayList<>(topic.partitionCount());
    for (int number = 0; number < topic.partitionCount(); number++) {
      @Nullable PartitionImage partition =
          number < topic.partitions().size() ? topic.partitions().get(number) : null;
      racks.add(partition == null ? Set.of() : racks(partition));
    }
    return new TopicShape(racks);
  }

  private Set<String> racks(PartitionImage partition) {
    Set<String> racks = new HashSet<>();
    for (int replica : partition.replicas()) {
      BrokerImage broker = catalog.image().brokers().get(replica);
      if (broker != null && !broker.rack().isEmpty()) {
        racks.add(broker.rack());
      }
    }
    return racks;
  }

  @Override
  public Set<String> names() {
    Set<String> names = new TreeSet<>();
    for (TopicImage topic : catalog.image().topics().values()) {
      if (!topic.deleting() && !GroupsTopic.isName(topic.name())) {
        names.add(topic.name());
      }
    }
    return names;
  }
}
