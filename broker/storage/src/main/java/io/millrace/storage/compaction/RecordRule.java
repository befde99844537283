package io.millrace.storage.compaction;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Which records a pass keeps.
 *
 * <ul>
 *   <li>One that is not the latest of its key goes: whoever reads on meets a later one.
 *   <li>A tombstone that is the latest stays until the delete retention has passed since the first
 *       pass that saw it: that pass writes the time, its <i>horizon</i>, into the batch, and has
 *       taken out all that the tombstone deletes. Earlier it would leave readers behind it, and
 *       followers, with a record that is deleted.
 *   <li>One without a key is nobody's successor and has none: it stays.
 *   <li>What is behind the pass stays as it is.
 * </ul>
 *
 * @param keys the latest offsets, of all records from somewhere up to {@code end}
 * @param end first offset that the pass has not looked at
 * @param nowMillis of the wall clock
 * @param deleteRetentionMillis from the first pass that sees a tombstone
 */
public record RecordRule(KeyMap keys, long end, long nowMillis, long deleteRetentionMillis) {
  /** No horizon. */
  public static final long NONE = -1;

  /** What becomes of a record. */
  public enum Fate {
    KEEP,

    /** A tombstone that stays until its horizon. */
    KEEP_TOMBSTONE,
    DROP,

    /** A tombstone that is the latest of its key, and whose time is over. */
    DROP_TOMBSTONE
  }

  /**
   * @param horizonMillis of its batch, {@link #NONE} when no pass has seen it
   */
  public Fate of(long offset, @Nullable ByteBuffer key, boolean isTombstone, long horizonMillis) {
    if (key == null || offset >= end) {
      return Fate.KEEP;
    }
    if (keys.latest(key) > offset) {
      return Fate.DROP;
    }
    if (!isTombstone) {
      return Fate.KEEP;
    }
    return horizonMillis != NONE && horizonMillis <= nowMillis
        ? Fate.DROP_TOMBSTONE
        : Fate.KEEP_TOMBSTONE;
  }

  /** Of a batch that is seen for the first time. */
  public long newHorizonMillis() {
    return nowMillis + deleteRetentionMillis;
  }
}
