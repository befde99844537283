package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * A group as its coordinator sees it.
 *
 * @param epoch grows with each change of members, subscriptions or topics
 * @param members by id
 * @param offsets how far it has come; of topics that exist only
 * @param progress of each partition that a member holds or the group has committed in; of topics
 *     that exist only, in order
 * @param alarm when the partitions could not be shared out, why; else empty
 */
public record GroupDescription(
    String groupId,
    GroupState state,
    int epoch,
    List<GroupMemberDescription> members,
    Map<TopicPartition, CommittedOffset> offsets,
    List<GroupProgress> progress,
    String alarm) {
  /** Copies what was given. */
  public GroupDescription {
    members = List.copyOf(members);
    progress = List.copyOf(progress);
  }
}
