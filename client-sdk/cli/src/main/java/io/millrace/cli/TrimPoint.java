package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.ListedOffset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Clock;
import java.time.ZoneId;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code --before} says: records before it go. */
sealed interface TrimPoint {
  String HIGH_WATERMARK = "high-watermark";

  String ALLOWED =
      "an offset (42), "
          + HIGH_WATERMARK
          + " (all there are), a time (2026-11-01T10:00:00Z, 2026-11-01, or @ and milliseconds"
          + " since 1970) or how long ago (90s, 15m, 2h, 7d)";

  /** The same offset in every partition. */
  record Offset(long offset) implements TrimPoint {}

  /** All that is committed. */
  record End() implements TrimPoint {}

  /** All before the first record of that time or later. */
  record Time(StartAt at) implements TrimPoint {}

  /**
   * @throws IllegalArgumentException saying what is allowed
   */
  static TrimPoint parse(String text, ZoneId zone) {
    if (text.equals(HIGH_WATERMARK)) {
      return new End();
    }
    StartAt at;
    try {
      at = StartAt.parse(text, zone);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is none of: " + ALLOWED, e);
    }
    if (at instanceof StartAt.Offset offset) {
      return new Offset(offset.offset());
    }
    if (at instanceof StartAt.Time || at instanceof StartAt.Ago) {
      return new Time(at);
    }
    throw new IllegalArgumentException("'" + text + "' is none of: " + ALLOWED);
  }

  /** The first offset to keep, for each partition; looked up before a person is asked. */
  default Map<TopicPartition, Long> offsets(
      AdminSession session, Collection<TopicPartition> partitions, Clock clock) throws Exception {
    Map<TopicPartition, Long> found = new LinkedHashMap<>();
    if (this instanceof Offset at) {
      partitions.forEach(partition -> found.put(partition, at.offset()));
      return found;
    }
    // The ends first: a record that comes after them is of that time or later, and stays.
    listed(session, partitions, OffsetSpec.latest()).forEach(found::put);
    if (this instanceof Time time) {
      listed(session, partitions, OffsetSpec.forTimestamp(time.at().epochMillis(clock)))
          .forEach(found::put);
    }
    return found;
  }

  /** Partitions without such a record are missing. */
  static Map<TopicPartition, Long> listed(
      AdminSession session, Collection<TopicPartition> partitions, OffsetSpec spec)
      throws Exception {
    Map<TopicPartition, OffsetSpec> asked = new LinkedHashMap<>();
    partitions.forEach(partition -> asked.put(partition, spec));
    Map<TopicPartition, ListedOffset> answers =
        session.ask((Admin admin) -> admin.listOffsets(asked));
    Map<TopicPartition, Long> found = new LinkedHashMap<>();
    answers.forEach(
        (partition, answer) -> answer.offset().ifPresent(offset -> found.put(partition, offset)));
    return found;
  }
}
