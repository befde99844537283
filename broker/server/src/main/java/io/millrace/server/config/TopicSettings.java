package io.millrace.server.config;

import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.SettingSource;
import java.util.List;
import java.util.Map;

/**
 * One topic's settings, checked.
 *
 * @param uncleanElection a leader at any price, where nobody is left that has everything
 * @param isStrict producers may not ask for a lower level than {@code durability}
 */
public record TopicSettings(
    Durability durability,
    boolean isStrict,
    int minInSync,
    boolean uncleanElection,
    int recordMaxBytes,
    TimestampKind timestampKind,
    LogSettings log) {
  /** Room for a batch's own header, so that a record of the largest size fits into one. */
  private static final int BATCH_OVERHEAD_BYTES = 1024;

  private static final String ORIGIN = "topic setting";

  /** What a batch may have at most: enough for one record of the largest size. */
  public int batchMaxBytes() {
    return recordMaxBytes + BATCH_OVERHEAD_BYTES;
  }

  /** Settings, or every reason why not. */
  public sealed interface Outcome {
    record Checked(TopicSettings settings) implements Outcome {}

    record Refused(List<SettingProblem> problems) implements Outcome {}
  }

  /**
   * @param own of the topic
   */
  public static Outcome check(
      Map<String, String> own, int replicationFactor, TopicDefaults defaults) {
    KeyValues values = values(own, defaults);
    return values.problems().isEmpty()
        ? new Outcome.Checked(from(values, replicationFactor))
        : new Outcome.Refused(values.problems());
  }

  /**
   * For settings that stand in the store, perhaps written by a newer broker: what is not understood
   * is left at its default. The caller logs {@link #check}'s problems.
   */
  public static TopicSettings understood(
      Map<String, String> own, int replicationFactor, TopicDefaults defaults) {
    return from(values(own, defaults), replicationFactor);
  }

  private static KeyValues values(Map<String, String> own, TopicDefaults defaults) {
    KeyValues values = new KeyValues(TopicKeys.all());
    values.lay(defaults.settings());
    values.lay(own, ORIGIN);
    return values;
  }

  private static TopicSettings from(KeyValues values, int replicationFactor) {
    int minInSync = values.get(TopicKeys.MIN_IN_SYNC);
    // Not what the topic has that is not allowed: the default holds then.
    boolean isOwn =
        values
            .entry(TopicKeys.MIN_IN_SYNC)
            .filter(entry -> entry.source() == SettingSource.FROM_TOPIC)
            .isPresent();
    return new TopicSettings(
        values.get(TopicKeys.DURABILITY),
        values.get(TopicKeys.DURABILITY_STRICT),
        isOwn ? minInSync : Math.min(minInSync, replicationFactor),
        values.get(TopicKeys.UNCLEAN_ELECTION),
        values.get(TopicKeys.RECORD_MAX_BYTES),
        values.get(TopicKeys.TIMESTAMP_KIND),
        new LogSettings(
            values.get(TopicKeys.SEGMENT_BYTES),
            values.get(TopicKeys.SEGMENT_MILLIS),
            values.get(TopicKeys.RETENTION_MILLIS),
            values.get(TopicKeys.RETENTION_BYTES),
            new CompactionSettings(
                values.get(TopicKeys.CLEANUP),
                values.get(TopicKeys.COMPACTION_MIN_LAG_MILLIS),
                values.get(TopicKeys.COMPACTION_MAX_LAG_MILLIS),
                values.get(TopicKeys.COMPACTION_DIRTY_PERCENT),
                values.get(TopicKeys.DELETE_RETENTION_MILLIS))));
  }
}
