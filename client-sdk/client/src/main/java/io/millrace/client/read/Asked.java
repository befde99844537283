package io.millrace.client.read;

import io.millrace.wire.v1.FetchResult;

/**
 * What was asked of one partition in a fetch request.
 *
 * @param version the partition's when it was asked
 * @param leaderEpoch known then
 */
record Asked(PartitionFetch fetch, int version, String topicId, long offset, int leaderEpoch) {
  boolean isAbout(FetchResult result) {
    return fetch.partition().partition() == result.getPartition()
        && topicId.equals(result.getTopicId());
  }

  /** False when the consumer has gone elsewhere since. */
  boolean isCurrent() {
    return fetch.version() == version && fetch.state() == PartitionFetch.State.IN_FLIGHT;
  }
}
