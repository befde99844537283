package io.millrace.client.send;

import java.util.List;

/**
 * One partition's part of a produce request.
 *
 * @param leaderEpoch that the request was sent under
 * @param sizeBytes of the batches
 */
record Share(
    PartitionSender sender,
    String topicId,
    int leaderEpoch,
    List<SendBatch> batches,
    int sizeBytes) {
  /** Of its last batch, among those of the partition that went out. */
  long lastOrder() {
    return batches.get(batches.size() - 1).order();
  }
}
