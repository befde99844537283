package io.millrace.server.cluster;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to partitions between two images. What came and went in between is not seen:
 * images are pictures, not a history.
 *
 * @param leaders partitions with a new leader epoch
 * @param shrunk partitions whose in-sync set lost members without gaining any
 * @param grown partitions whose in-sync set gained members
 */
public record ClusterChanges(int leaders, int shrunk, int grown) {

  /** Costs what has changed: topics that are the same object are passed over. */
  @SuppressWarnings("ReferenceEquality") // what has not changed is the same object
  public static ClusterChanges between(ClusterImage older, ClusterImage newer) {
    int leaders = 0;
    int shrunk = 0;
    int grown = 0;
    for (TopicImage topic : newer.topics().values()) {
      TopicImage before = older.topics().get(topic.name());
      if (before == topic || before == null || !before.id().equals(topic.id())) {
        continue;
      }
      int both = Math.min(before.partitions().size(), topic.partitions().size());
      for (int number = 0; number < both; number++) {
        @Nullable PartitionImage was = before.partitions().get(number);
        @Nullable PartitionImage is = topic.partitions().get(number);
        if (was == is || was == null || is == null) {
          continue;
        }
        leaders += is.leaderEpoch() > was.leaderEpoch() ? 1 : 0;
        boolean gained = hasOthers(is.inSync(), was.inSync());
        grown += gained ? 1 : 0;
        shrunk += !gained && hasOthers(was.inSync(), is.inSync()) ? 1 : 0;
      }
    }
    return new ClusterChanges(leaders, shrunk, grown);
  }

  private static boolean hasOthers(List<Integer> some, List<Integer> than) {
    return some.stream().anyMatch(each -> !than.contains(each));
  }
}
