package io.millrace.client.group;

import io.millrace.client.TopicPartition;

/**
 * A partition as a group gives it out: of this very topic, not of another of the same name.
 *
 * @param partition as applications name it
 */
record GroupPartition(String topicId, TopicPartition partition) {}
