package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.producers.ProducerTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A log's producers, and when to write down what is known of them: at each new segment, when the
 * log has grown by some and a while has passed, and at a clean stop. So neither a restart nor a cut
 * has to read much of the log. Owner: the log's.
 */
final class LogProducers {
  /** With less than this since the last file, a log that still grows is left alone. */
  private static final long WORTH_WRITING_BYTES = 4 << 20;

  private final LogContext context;
  private final Segments segments;
  private final EpochHistory epochs;

  private ProducerTable table;

  /** As of which offset there is a file; as far as is known, which is not far after a failure. */
  private long newest;

  private long bytesSince;
  private long endAtLastLook = -1;
  private boolean isLastWanted;
  private final List<FlushJob.ProducersWrite> writes = new ArrayList<>(0);

  LogProducers(
      LogContext context,
      Segments segments,
      EpochHistory epochs,
      ProducerRebuild.Rebuilt recovered) {
    this.context = context;
    this.segments = segments;
    this.epochs = epochs;
    this.table = recovered.table();
    this.newest = recovered.newest();
  }

  ProducerTable table() {
    return table;
  }

  /** The log has been cut. */
  void replace(ProducerRebuild.Rebuilt rebuilt) {
    table = rebuilt.table();
    newest = rebuilt.newest();
    writes.clear();
  }

  void written(long bytes) {
    bytesSince += bytes;
  }

  /** A new segment begins. */
  void rolled(long offset) {
    write(offset);
  }

  /**
   * From time to time: forgets who is idle.
   *
   * @return whether there is something to be written now
   */
  boolean look(long nowMillis) {
    table.expire(nowMillis);
    long end = segments.active().endOffset();
    boolean isQuiet = end == endAtLastLook;
    endAtLastLook = end;
    if (end != newest && (isQuiet || bytesSince >= WORTH_WRITING_BYTES)) {
      write(end);
    }
    return isWriteWanted();
  }

  /** The log is being closed: its end is to be written down, unless there is nothing to say. */
  void writeLast() {
    isLastWanted = table.size() > 0;
  }

  boolean isWriteWanted() {
    return !writes.isEmpty() || (isLastWanted && segments.active().endOffset() != newest);
  }

  private void write(long offset) {
    writes.add(
        new FlushJob.ProducersWrite(offset, epochs.epochAt(offset - 1), table.copy(), replaced()));
    newest = offset;
    bytesSince = 0;
  }

  /** The file before, unless a segment begins there: a cut may need that one. */
  private @Nullable Path replaced() {
    boolean atSegment = segments.get(segments.floor(newest)).baseOffset() == newest;
    return newest < 0 || atSegment ? null : DataPaths.producers(context.directory(), newest);
  }

  /** For the flush worker. */
  List<FlushJob.ProducersWrite> takeWrites() {
    if (isLastWanted && segments.active().endOffset() != newest) {
      write(segments.active().endOffset());
    }
    List<FlushJob.ProducersWrite> taken = List.copyOf(writes);
    writes.clear();
    return taken;
  }
}
