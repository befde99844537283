package io.millrace.coordination.view;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A topic and the partitions of it that are known.
 *
 * @param id unique for ever: another topic of the same name has another id
 * @param settings only what differs from the defaults
 * @param partitions by number; null where the state is missing or could not be read
 */
public record TopicImage(
    String name,
    String id,
    boolean deleting,
    int partitionCount,
    int replicationFactor,
    Map<String, String> settings,
    List<@Nullable PartitionImage> partitions) {
  public TopicImage {
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    partitions = Collections.unmodifiableList(new ArrayList<>(partitions));
  }
}
