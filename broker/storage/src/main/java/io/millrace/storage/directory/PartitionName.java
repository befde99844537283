package io.millrace.storage.directory;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A partition as the disk knows it: by topic id, never by topic name alone.
 *
 * @param topicId the topic's first name, {@code ~}, eight characters; checked, since it becomes the
 *     name of a directory
 * @param partition from 0
 */
public record PartitionName(String topicId, int partition) implements Comparable<PartitionName> {
  private static final Pattern TOPIC_ID = Pattern.compile("[A-Za-z0-9._-]{1,200}~[a-z0-9]{8}");
  private static final Pattern DIRECTORY =
      Pattern.compile("(" + TOPIC_ID.pattern() + ")-(0|[1-9][0-9]{0,8})");

  public PartitionName {
    // No separator and no leading dots alone can get past this, so no path can leave its directory.
    if (!TOPIC_ID.matcher(topicId).matches()) {
      throw new IllegalArgumentException("not a topic id: " + printable(topicId));
    }
    if (partition < 0) {
      throw new IllegalArgumentException("partition " + partition + " is negative");
    }
  }

  /** Empty when no partition's directory can have this name. */
  public static Optional<PartitionName> parse(String directoryName) {
    Matcher matcher = DIRECTORY.matcher(directoryName);
    return matcher.matches()
        ? Optional.of(new PartitionName(matcher.group(1), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** {@code <topic id>-<partition>}. */
  public String directoryName() {
    return topicId + "-" + partition;
  }

  @Override
  public int compareTo(PartitionName other) {
    int byTopic = topicId.compareTo(other.topicId);
    return byTopic != 0 ? byTopic : Integer.compare(partition, other.partition);
  }

  @Override
  public String toString() {
    return directoryName();
  }

  private static String printable(String text) {
    String start = text.length() > 220 ? text.substring(0, 220) + "..." : text;
    return start.replaceAll("[^\\x21-\\x7e]", "?");
  }
}
