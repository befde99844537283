package io.millrace.storage.log;

import io.millrace.storage.compaction.CompactionConfig;
import io.millrace.storage.compaction.CompactionPlan;
import io.millrace.storage.compaction.JoinPlan;
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
 * @param closedTo where the active segment begins
 * @param limitOffset what is not committed, or not forced, is left alone
 * @param damagedFrom where the first known damage begins; {@link Long#MAX_VALUE} for none
 * @param segmentBytes the most that small ones may become together; {@link #UNJOINED}: they stay
 * @param producers a copy
 * @param reshapes how often the log was cut, or begun anew
 */
record CompactionFacts(
    Path directory,
    List<ClosedSegment> closed,
    long closedTo,
    long limitOffset,
    long damagedFrom,
    CompactionConfig config,
    int indexIntervalBytes,
    int segmentBytes,
    ProducerTable producers,
    int reshapes) {
  static final int UNJOINED = 0;

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

  /**
   * Which of the segments are to become one. None where retention takes whole segments: it would
   * take the records of a joined one together, at the time of the latest.
   */
  List<ClosedSegment> toBeJoined(CompactionFile.Progress progress) {
    return segmentBytes == UNJOINED
        ? List.of()
        : JoinPlan.decide(
                segments(),
                Math.min(progress.cleanedTo(), Math.min(limitOffset, damagedFrom)),
                segmentBytes)
            .map(run -> closed.subList(run.from(), run.to()))
            .orElse(List.of());
  }

  /** Of what begins before an offset. */
  CompactionOutcome.Size sizeBefore(long offset) {
    int segments = 0;
    long bytes = 0;
    for (ClosedSegment each : closed) {
      if (each.baseOffset() < offset) {
        segments++;
        bytes += each.sizeBytes();
      }
    }
    return new CompactionOutcome.Size(segments, bytes);
  }

  /** Of the segments that have not been compacted, or not to their ends. */
  long dirtyBytes(CompactionFile.Progress progress) {
    return closed.stream()
        .filter(each -> each.endOffset() > progress.cleanedTo())
        .mapToLong(ClosedSegment::sizeBytes)
        .sum();
  }

  /** Whether nothing before an offset is left to be compacted. */
  boolean isCleaned(CompactionFile.Progress progress, long before) {
    return progress.cleanedTo() >= before
        || (closedTo >= before
            && closed.stream()
                .noneMatch(
                    each -> each.baseOffset() < before && each.endOffset() > progress.cleanedTo()));
  }

  /** What the plan wants to know. */
  CompactionPlan.Candidate candidate(CompactionFile.Progress progress, boolean isRequested) {
    return new CompactionPlan.Candidate(
        segments(),
        progress.cleanedTo(),
        Math.min(limitOffset, damagedFrom),
        config,
        progress.nextHorizonMillis(),
        isRequested);
  }

  private List<CompactionPlan.Closed> segments() {
    return closed.stream()
        .map(
            each ->
                new CompactionPlan.Closed(
                    each.baseOffset(), each.endOffset(), each.sizeBytes(), each.lastAppendMillis()))
        .toList();
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
        closedTo,
        limitOffset,
        damagedFrom,
        config,
        indexIntervalBytes,
        segmentBytes,
        producers,
        reshapes);
  }
}
