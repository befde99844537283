package io.millrace.checker.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record as it stands in a batch, without its times: compaction may write them in another way.
 *
 * @param key as text; null: it has none
 * @param value as text; null: the key is deleted
 * @param headers what is the same for the same bytes only
 */
record StoredRecord(
    long offset, @Nullable String key, @Nullable String value, List<String> headers) {
  boolean isTombstone() {
    return value == null;
  }

  @Override
  public String toString() {
    return "offset " + offset + ": " + key + (value == null ? " deleted" : "=" + value);
  }
}
