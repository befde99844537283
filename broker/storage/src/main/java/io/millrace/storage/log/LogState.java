package io.millrace.storage.log;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the parts of one log share. The owner's, but where a field says otherwise. */
final class LogState {
  final LogContext context;
  final Segments segments;
  final EpochHistory epochs;

  /** What of the log is surely in memory. */
  final HotTail hot;

  /** Who has written what is in the log. */
  final LogProducers producers;

  LogConfig config;

  /** First offset that may be read; durable, as {@link EpochHistory#start} or by the first file. */
  long startOffset;

  /** Where the log is to begin: ahead of {@link #startOffset} until that is durable. */
  long wantedStart;

  /** All below has been forced. */
  long flushedOffset;

  /** As {@link #flushedOffset}, and lowered before anything is cut. Read by any thread. */
  volatile long recoveryPoint;

  /**
   * No checkpoint says more than this although the log was cut since: once so much is forced again,
   * {@link EpochHistory#recoverFrom} has done its work.
   */
  long checkpointedAtMost;

  /** How often the log was cut, or made to begin anew. */
  int cuts;

  /** Set once: the log is offline. */
  @Nullable Throwable failure;

  private final Consumer<Throwable> onFailure;

  LogState(
      LogContext context,
      LogRecovery.Recovered recovered,
      ProducerRebuild.Rebuilt producers,
      LogConfig config,
      long checkpointedAtMost,
      Consumer<Throwable> onFailure) {
    this.context = context;
    this.segments = new Segments(recovered.segments());
    this.epochs = recovered.epochs();
    this.hot = context.newHotTail();
    this.producers = new LogProducers(context, segments, epochs, producers);
    this.config = config;
    this.startOffset = Math.max(epochs.start(), segments.first().baseOffset());
    this.wantedStart = startOffset;
    this.flushedOffset = recovered.endOffset();
    this.recoveryPoint = recovered.endOffset();
    this.checkpointedAtMost = checkpointedAtMost;
    this.onFailure = onFailure;
  }

  long endOffset() {
    return segments.active().endOffset();
  }

  void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
      onFailure.accept(cause);
    }
  }

  /**
   * For who reads the log's files in his own time, from any thread: what is met is damage, unless
   * the log has been cut since, and with it perhaps what is being read.
   */
  Consumer<IOException> damageListener() {
    int before = cuts;
    return cause ->
        context
            .owner()
            .execute(
                () -> {
                  if (cuts == before) {
                    fail(cause);
                  }
                });
  }
}
