package io.millrace.cli;

import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Clock;
import java.time.ZoneId;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where {@code group reset} sends a group. */
sealed interface ResetPoint {
  String ALLOWED = StartAt.ALLOWED + ", or a shift from where the group is (+100, -100)";

  /** As reading may begin anywhere. */
  record At(StartAt at) implements ResetPoint {}

  /** So many records on, or back. */
  record Shift(long records) implements ResetPoint {}

  /** How things stand. */
  record Now(
      Map<TopicPartition, Long> committed,
      Map<TopicPartition, Long> first,
      Map<TopicPartition, Long> end) {}

  /**
   * @throws IllegalArgumentException saying what is allowed
   */
  static ResetPoint parse(String text, ZoneId zone) {
    if (text.matches("[+-][0-9]{1,18}")) {
      return new Shift(Long.parseLong(text));
    }
    try {
      return new At(StartAt.parse(text, zone));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is none of: " + ALLOWED, e);
    }
  }

  /** For each partition; one that is missing goes to its end. Not held against its bounds. */
  default Map<TopicPartition, Long> offsets(
      AdminSession session, Collection<TopicPartition> partitions, Now now, Clock clock)
      throws Exception {
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    if (this instanceof Shift shift) {
      partitions.forEach(
          each ->
              offsets.put(
                  each,
                  now.committed().getOrDefault(each, now.first().getOrDefault(each, 0L))
                      + shift.records()));
      return offsets;
    }
    StartAt at = ((At) this).at();
    if (at instanceof StartAt.Earliest) {
      return now.first();
    } else if (at instanceof StartAt.Latest) {
      return now.end();
    } else if (at instanceof StartAt.Offset offset) {
      partitions.forEach(each -> offsets.put(each, offset.offset()));
      return offsets;
    }
    return TrimPoint.listed(session, partitions, OffsetSpec.forTimestamp(at.epochMillis(clock)));
  }
}
