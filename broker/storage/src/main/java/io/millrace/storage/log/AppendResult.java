package io.millrace.storage.log;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What became of the shares of one append. */
public final class AppendResult {
  /** In the place of a base offset. */
  public static final long NOT_APPENDED = -1;

  private final long[] baseOffsets;
  private final @Nullable AppendFailure failure;

  private AppendResult(long[] baseOffsets, @Nullable AppendFailure failure) {
    this.baseOffsets = baseOffsets;
    this.failure = failure;
  }

  static AppendResult complete(long[] baseOffsets) {
    return new AppendResult(baseOffsets, null);
  }

  /** The first {@code appended} shares are in the log, the others are not, or nobody knows. */
  static AppendResult failed(long[] baseOffsets, int appended, AppendFailure why) {
    Arrays.fill(baseOffsets, appended, baseOffsets.length, NOT_APPENDED);
    return new AppendResult(baseOffsets, why);
  }

  /** Why some shares were not appended. */
  public sealed interface AppendFailure {
    /** There is no space. Nothing of them is in the log, and the log goes on working. */
    record DiskFull(String why) implements AppendFailure {}

    /**
     * The disk failed. The log is offline from now on, and they may or may not turn up in it later:
     * the outcome is unknown.
     */
    record Broken(Throwable cause) implements AppendFailure {}
  }

  /**
   * The offset of a share's first record; {@link #NOT_APPENDED} when {@link #failure} says what
   * became of it.
   *
   * @param share its place in the list, from 0
   */
  public long baseOffset(int share) {
    return baseOffsets[share];
  }

  /** Null when all shares are in the log. */
  public @Nullable AppendFailure failure() {
    return failure;
  }
}
