package io.millrace.storage.log;

import io.millrace.rpc.FileSlice;

/** What a log has for a fetch offset. */
public sealed interface ReadResult {
  /**
   * Whole batches; the first may begin before the offset asked for.
   *
   * @param slice to be released by whoever gets it
   * @param nextOffset behind the last batch
   */
  record Data(FileSlice slice, long nextOffset) implements ReadResult {}

  /** Nothing that may be shown yet. */
  record Nothing() implements ReadResult {
    static final Nothing INSTANCE = new Nothing();
  }

  /**
   * There is something, but not in memory: it is on its way. Who asks again once {@link
   * PartitionLog#tellWhenWarm} has told will get it.
   */
  record Cold() implements ReadResult {
    static final Cold INSTANCE = new Cold();
  }

  /** What stands there is not what was written. */
  record Damaged(LogDamage damage) implements ReadResult {}

  /** The log does not reach there; it goes from {@code startOffset} to before {@code endOffset}. */
  record OutOfRange(long startOffset, long endOffset) implements ReadResult {}
}
