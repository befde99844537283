package io.millrace.client.consumer;

/**
 * How much to ask for, so that what is fetched and unread keeps to the prefetch limit, and no
 * partition takes the others' part of it.
 *
 * <p>A partition that nothing is held of is always asked for, with at least {@link #LEAST_BYTES}:
 * partitions that are paused with all their memory cannot stop the rest.
 *
 * @param limitBytes the prefetch limit
 * @param heldBytes fetched and unread in all
 * @param reservedBytes what answers on their way may bring
 * @param holders partitions of which records are held, and that are being read
 * @param leaders that are asked
 */
record FetchPlan(long limitBytes, long heldBytes, long reservedBytes, int holders, int leaders) {
  /** Asking for less is not worth the request. */
  static final int LEAST_BYTES = 4096;

  /**
   * How much of one partition to ask for; 0: enough is held of it.
   *
   * @param held of the partition
   * @param mostBytes of one partition in an answer
   */
  int partitionBytes(long held, int mostBytes) {
    if (held == 0) {
      return mostBytes;
    }
    long share = limitBytes / Math.max(1, holders);
    long room = share - held;
    // Small bites once the share is nearly used up would only make many small answers.
    boolean worthIt = room >= Math.min(mostBytes, share / 2);
    return worthIt && heldBytes < limitBytes ? (int) Math.min(mostBytes, room) : 0;
  }

  /**
   * The size of one answer. Half of the leader's part: there may be a second request to it.
   *
   * @param mostBytes of an answer
   */
  int answerBytes(int mostBytes) {
    long part = limitBytes / (2L * Math.max(1, leaders));
    long room = limitBytes - heldBytes - reservedBytes;
    return (int) Math.min(mostBytes, Math.max(LEAST_BYTES, Math.min(part, room)));
  }
}
