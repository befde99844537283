package io.millrace.client;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * A member of a group.
 *
 * @param epoch of the assignment it has come to; -2 for a static member that has left and will be
 *     back
 * @param assigned what it reads
 * @param giving what it has been told to give up, and has not said that it did
 * @param target what it shall have
 * @param silent since it was last heard of, or its coordinator took over
 */
public record GroupMemberDescription(
    String memberId,
    Optional<String> instanceId,
    String clientId,
    String host,
    int epoch,
    Set<String> topics,
    Set<TopicPartition> assigned,
    Set<TopicPartition> giving,
    Set<TopicPartition> target,
    Duration sessionTimeout,
    Duration silent) {}
