package io.millrace.storage.log;

import io.millrace.storage.compaction.CompactionConfig;
import io.millrace.storage.compaction.CompactionPlan;
import io.millrace.storage.files.Disk;
import io.millrace.storage.producers.ProducerTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a pass of compaction needs to know of a log, as it stood when it was asked. Taken on the
 * owner; used on the housekeeping worker.
 *
 * @param closed the segments that take no more, ascending
 * @param limitOffset what is not committed, or not forced, is left alone
 * @param damagedFrom where the first known damage begins; {@link Long#MAX_VALUE} for none
 * @param producers a copy
 * @param reshapes how often the log was cut, or begun anew
 */
record CompactionFacts(
    Path directory,
    List<ClosedSegment> closed,
    long limitOffset,
    long damagedFrom,
    CompactionConfig config,
    int indexIntervalBytes,
    ProducerTable producers,
    int reshapes) {
  /**
   * One of them.
   *
   * @param segment for the owner, to know it again
   */
  record ClosedSegment(
      Segment segment,
      Path log,
      Path index,
      long baseOffset,
      long endOffset,
      int sizeBytes,
      long lastAppendMillis) {
    static ClosedSegment of(Segment segment) {
      return new ClosedSegment(
          segment,
          segment.logPath(),
          segment.indexPath(),
          segment.baseOffset(),
          segment.endOffset(),
          segment.sizeBytes(),
          segment.lastAppendMillis());
    }

    AppendTimes.Question question() {
      return new AppendTimes.Question(log, index, baseOffset, sizeBytes);
    }

    ClosedSegment at(long appendMillis) {
      return new ClosedSegment(segment, log, index, baseOffset, endOffset, sizeBytes, appendMillis);
    }
  }

  /** What the plan wants to know. */
  CompactionPlan.Candidate candidate(CompactionFile.Progress progress, boolean isRequested) {
    return new CompactionPlan.Candidate(
        closed.stream()
            .map(
                each ->
                    new CompactionPlan.Closed(
                        each.baseOffset(),
                        each.endOffset(),
                        each.sizeBytes(),
                        each.lastAppendMillis()))
            .toList(),
        progress.cleanedTo(),
        Math.min(limitOffset, damagedFrom),
        config,
        progress.nextHorizonMillis(),
        isRequested);
  }

  /** With the append times that nobody has asked for yet. Blocks on the disk. */
  CompactionFacts withTimes(Disk disk) throws IOException {
    List<ClosedSegment> timed = new ArrayList<>(closed.size());
    for (ClosedSegment each : closed) {
      boolean isKnown = each.lastAppendMillis() != Segment.NO_TIMESTAMP;
      timed.add(isKnown ? each : each.at(AppendTimes.read(disk, each.question()).last()));
    }
    return new CompactionFacts(
        directory,
        timed,
        limitOffset,
        damagedFrom,
        config,
        indexIntervalBytes,
        producers,
        reshapes);
  }
}
