package io.millrace.client;

/**
 * What a broker said about all records of one batch.
 *
 * @param durability the level that was reached, which may be higher than the one asked for; {@link
 *     Durability#NONE} when no answer was asked for
 * @param leaderEpoch of the leader that wrote them
 * @param replicas how many have them
 * @param flushed whether these have them on disk
 * @param appendTimestamp the leader's clock at the append, milliseconds since the epoch, UTC
 */
public record Acknowledgement(
    Durability durability, int leaderEpoch, int replicas, boolean flushed, long appendTimestamp) {
  /** For records nobody was asked to acknowledge. */
  public static final Acknowledgement NOT_ASKED_FOR =
      new Acknowledgement(Durability.NONE, 0, 0, false, 0);
}
