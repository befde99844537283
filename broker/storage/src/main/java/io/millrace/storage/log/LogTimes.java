package io.millrace.storage.log;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks for records by time, on the cold-read worker. Owned by the log's loop. */
final class LogTimes {
  private final LogState state;
  private final LogDamages damages;
  private boolean isClosed;

  LogTimes(LogState state, LogDamages damages) {
    this.state = state;
    this.damages = damages;
  }

  void close() {
    isClosed = true;
  }

  /** See {@link PartitionLog#findTime}; of a log that is of use. */
  void find(long timestampMillis, long visibleEnd, Consumer<TimeAnswer> then) {
    TimeSearch search = new TimeSearch(state, timestampMillis, visibleEnd);
    if (search.isHopeless()) {
      then.accept(new TimeAnswer.Nothing());
      return;
    }
    int cuts = state.cuts;
    ColdReads worker = state.context.coldReads();
    worker.submit(
        () -> {
          IOException failed = null;
          try {
            search.run(worker.headers());
          } catch (IOException e) {
            failed = e;
          }
          IOException failure = failed;
          state
              .context
              .owner()
              .execute(
                  () -> {
                    if (failure != null && cuts != state.cuts && !isClosed) {
                      find(timestampMillis, visibleEnd, then); // compacted while it was read
                    } else {
                      searched(search, failure, timestampMillis, visibleEnd, then);
                    }
                  });
        });
  }

  private void searched(
      TimeSearch search,
      @Nullable IOException failure,
      long timestampMillis,
      long visibleEnd,
      Consumer<TimeAnswer> then) {
    if (failure != null) {
      if (failure instanceof CorruptLogException corrupt) {
        damages.onCorrupt(state.startOffset, corrupt);
      } else if (!isClosed) {
        state.fail(failure);
      }
      then.accept(new TimeAnswer.Failed(failure.getMessage() + ""));
      return;
    }
    for (TimeSearch.Learned learned : search.learned()) {
      Segment segment = state.segments.get(state.segments.floor(learned.baseOffset()));
      if (segment.baseOffset() == learned.baseOffset() && segment.isSealed()) {
        segment.learnMaxTimestamp(learned.maxTimestamp());
      }
    }
    TimedOffset found = search.found();
    if (found == null) {
      then.accept(new TimeAnswer.Nothing());
    } else if (found.offset() >= state.startOffset) {
      then.accept(new TimeAnswer.Found(found));
    } else if (isClosed || state.failure != null) {
      then.accept(
          new TimeAnswer.Failed("the log of " + state.context.name() + " is closed or offline"));
    } else {
      find(timestampMillis, visibleEnd, then); // it has been trimmed meanwhile
    }
  }
}
