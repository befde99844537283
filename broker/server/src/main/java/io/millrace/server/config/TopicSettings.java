package io.millrace.server.config;

import io.millrace.wire.v1.Durability;
import java.util.List;
import java.util.Map;

/** One topic's settings, checked. */
public record TopicSettings(
    Durability durability, int minInSync, int recordMaxBytes, int segmentBytes) {
  /** Room for a batch's own header, so that a record of the largest size fits into one. */
  private static final int BATCH_OVERHEAD_BYTES = 1024;

  /** What a batch may have at most: enough for one record of the largest size. */
  public int batchMaxBytes() {
    return recordMaxBytes + BATCH_OVERHEAD_BYTES;
  }

  /** Settings, or every reason why not. */
  public sealed interface Outcome {
    record Checked(TopicSettings settings) implements Outcome {}

    record Refused(List<SettingProblem> problems) implements Outcome {}
  }

  public static Outcome check(Map<String, String> settings) {
    KeyValues values = new KeyValues(TopicKeys.all());
    values.lay(settings, "topic setting");
    return values.problems().isEmpty()
        ? new Outcome.Checked(from(values))
        : new Outcome.Refused(values.problems());
  }

  /**
   * For settings that stand in the store, perhaps written by a newer broker: what is not understood
   * is left at its default. The caller logs {@link #check}'s problems.
   */
  public static TopicSettings understood(Map<String, String> settings) {
    KeyValues values = new KeyValues(TopicKeys.all());
    values.lay(settings, "topic setting");
    return from(values);
  }

  private static TopicSettings from(KeyValues values) {
    return new TopicSettings(
        values.get(TopicKeys.DURABILITY),
        values.get(TopicKeys.MIN_IN_SYNC),
        values.get(TopicKeys.RECORD_MAX_BYTES),
        values.get(TopicKeys.SEGMENT_BYTES));
  }
}
