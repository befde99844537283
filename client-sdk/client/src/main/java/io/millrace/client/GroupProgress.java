package io.millrace.client;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far a group is in a partition, as the partition's leader and the group's coordinator say.
 *
 * @param memberId who reads it
 * @param committed the next offset to be read; empty: nothing was ever committed
 * @param start the first offset that can be read; empty: the leader did not say
 * @param end behind the last record that can be read; empty as start
 * @param waiting how long the first record that was not read has been there, by its append time and
 *     the leader's clock; zero: everything was read
 * @param still for how long the committed offset has not moved
 * @param isStuck a member has held it for five minutes, in which there was something to read and
 *     the committed offset did not move
 * @param unknown why the leader said nothing; else empty
 */
public record GroupProgress(
    TopicPartition partition,
    Optional<String> memberId,
    OptionalLong committed,
    OptionalLong start,
    OptionalLong end,
    Optional<Duration> waiting,
    Optional<Duration> still,
    boolean isStuck,
    String unknown) {
  /**
   * How many records are still to be read; empty: nothing was committed, or the leader did not say.
   */
  public OptionalLong lag() {
    return committed.isPresent() && start.isPresent() && end.isPresent()
        ? OptionalLong.of(
            Math.max(0, end.getAsLong() - Math.max(start.getAsLong(), committed.getAsLong())))
        : OptionalLong.empty();
  }
}
