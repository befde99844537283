package io.millrace.storage.log;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.compaction.CompactionPace;
import io.millrace.storage.compaction.CompactionPlan;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compacts logs, one at a time, the one first of which most has not been compacted yet. Belongs to
 * the housekeeping worker, which it never keeps for longer than a megabyte takes.
 */
final class LogCompactor {
  private static final Logger LOG = LoggerFactory.getLogger(LogCompactor.class);

  private static final int STEP_BYTES = 1 << 20;

  /** Where something is wrong it is not tried again at once. */
  private static final long TROUBLE_NANOS = SECONDS.toNanos(60);

  private final Disk disk;
  private final EventLoop housekeeping;
  private final CompactionPace pace;
  private final Supplier<Collection<PartitionLog>> logs;
  private final StorageCounters counters;
  private final FlushQueue flushQueue;
  private final FullDisk fullDisk;
  private final BatchWalk walk = new BatchWalk(STEP_BYTES);
  private final Map<PartitionName, Known> known = new HashMap<>();

  /** Any thread reads it. */
  private final Map<PartitionName, String> troubles = new ConcurrentHashMap<>();

  private boolean isStopped;
  private boolean isLooking;
  private boolean isLookWanted;
  private @Nullable CompactionPass pass;

  /** What is known of one log beside what it tells itself. */
  private static final class Known {
    final PartitionLog log;
    CompactionFile.Progress progress = CompactionFile.Progress.NONE;
    int reshapes = -1;
    long notBeforeNanos = Long.MIN_VALUE;

    /** Somebody wants all before it compacted, whatever the ratio; -1: nobody. */
    long requestedTo = -1;

    final List<Consumer<CompactionOutcome>> waiting = new ArrayList<>(0);
    long droppedRecords;
    long freedBytes;

    Known(PartitionLog log) {
      this.log = log;
    }
  }

  /**
   * @param logs those that are open now
   */
  LogCompactor(
      Disk disk,
      EventLoop housekeeping,
      CompactionPace pace,
      Supplier<Collection<PartitionLog>> logs,
      StorageCounters counters,
      FlushQueue flushQueue,
      FullDisk fullDisk) {
    this.disk = disk;
    this.housekeeping = housekeeping;
    this.pace = pace;
    this.logs = logs;
    this.counters = counters;
    this.flushQueue = flushQueue;
    this.fullDisk = fullDisk;
  }

  /** Any thread. */
  void start() {
    housekeeping.schedule(
        MILLISECONDS.toNanos(pace.intervalMillis()),
        () -> {
          if (!isStopped && flushQueue.failure() == null) {
            look();
            start();
          }
        });
  }

  void stop() {
    isStopped = true;
    CompactionPass running = pass;
    pass = null;
    if (running != null) {
      close(running);
    }
    for (Known each : known.values()) {
      answer(each, new CompactionOutcome.NotDone("the broker is stopping"));
    }
  }

  /** Why logs cannot be compacted; empty when all can. Any thread. */
  Map<PartitionName, String> troubles() {
    return Map.copyOf(troubles);
  }

  /** Compacts a log now, the segment that is being written included. On the worker. */
  void compactNow(PartitionLog log, Consumer<CompactionOutcome> then) {
    if (!log.isCompacting()) {
      then.accept(new CompactionOutcome.NotDone("the topic does not keep the latest of each key"));
      return;
    }
    log.rollLater(
        end ->
            housekeeping.execute(
                () -> {
                  Known it = known(log);
                  it.waiting.add(then);
                  it.requestedTo = Math.max(it.requestedTo, end);
                  it.notBeforeNanos = Long.MIN_VALUE;
                  look();
                }));
  }

  // ---- Which one

  private Known known(PartitionLog log) {
    Known there = known.get(log.name());
    if (there == null || there.log != log) {
      if (there != null) {
        answer(there, new CompactionOutcome.NotDone("the log was closed"));
      }
      there = new Known(log);
      known.put(log.name(), there);
    }
    return there;
  }

  private void look() {
    if (isLooking || pass != null) {
      isLookWanted = true;
      return;
    }
    isLookWanted = false;
    List<PartitionLog> asked = new ArrayList<>();
    for (PartitionLog log : logs.get()) {
      if (log.isCompacting()) {
        asked.add(log);
      }
    }
    forgetAllBut(asked);
    if (asked.isEmpty()) {
      return;
    }
    isLooking = true;
    Best best = new Best();
    int[] left = {asked.size()};
    for (PartitionLog log : asked) {
      log.compactionFactsLater(
          facts ->
              housekeeping.execute(
                  () -> {
                    if (facts != null && !isStopped) {
                      weigh(log, facts, best);
                    }
                    if (--left[0] == 0) {
                      isLooking = false;
                      begin(best);
                    }
                  }));
    }
  }

  private void forgetAllBut(List<PartitionLog> open) {
    known
        .values()
        .removeIf(
            each -> {
              boolean isGone = !open.contains(each.log);
              if (isGone) {
                noTrouble(each);
                answer(each, new CompactionOutcome.NotDone("the log is not compacted any more"));
              }
              return isGone;
            });
  }

  /** The one to be compacted next, as far as has been looked. */
  private static final class Best {
    @Nullable Known log;
    @Nullable CompactionFacts facts;
    CompactionPlan.Decision.@Nullable Compact decision;
  }

  private void weigh(PartitionLog log, CompactionFacts told, Best best) {
    Known it = known(log);
    if (housekeeping.clock().nanoTime() - it.notBeforeNanos < 0
        && it.notBeforeNanos != Long.MIN_VALUE) {
      return;
    }
    CompactionFacts facts = told;
    try {
      if (it.reshapes != told.reshapes()) {
        it.progress = CompactionFile.read(disk, told.directory());
        it.reshapes = told.reshapes();
      }
      if (CompactionPlan.needsTimes(told.config())) {
        facts = told.withTimes(disk);
      }
    } catch (IOException e) {
      trouble(it, e.toString());
      return;
    }
    answerIfDone(it);
    CompactionPlan.Decision decision =
        CompactionPlan.decide(
            facts.candidate(it.progress, it.requestedTo > it.progress.cleanedTo()),
            housekeeping.clock().wallMillis());
    if (decision instanceof CompactionPlan.Decision.Compact compact && isWorse(compact, best)) {
      best.log = it;
      best.facts = facts;
      best.decision = compact;
    }
  }

  private static boolean isWorse(CompactionPlan.Decision.Compact one, Best than) {
    CompactionPlan.Decision.Compact other = than.decision;
    if (other == null || one.isDue() != other.isDue()) {
      return other == null || one.isDue();
    }
    return one.ratio() > other.ratio();
  }

  // ---- The pass

  private void begin(Best best) {
    Known it = best.log;
    CompactionFacts facts = best.facts;
    CompactionPlan.Decision.Compact decision = best.decision;
    if (isStopped || it == null || facts == null || decision == null) {
      if (isLookWanted && !isStopped) {
        lookAgain(); // somebody asked while the others were asked
      }
      return;
    }
    CompactionPass begun =
        new CompactionPass(
            disk,
            it.log,
            facts,
            decision.from(),
            decision.to(),
            housekeeping.clock().wallMillis(),
            pace.memoryBytes(),
            walk,
            counters,
            housekeeping::execute);
    pass = begun;
    step(it, begun);
  }

  private void step(Known it, CompactionPass running) {
    if (pass != running) {
      return; // stopped
    }
    try {
      int read = running.isOver() ? 0 : running.step(STEP_BYTES, () -> step(it, running));
      if (running.isOver()) {
        ended(it, running);
      } else if (read >= 0) {
        long nanos = Math.max(1, read * 1_000_000_000L / pace.bytesPerSecond());
        housekeeping.schedule(nanos, () -> step(it, running));
      }
    } catch (CorruptLogException e) {
      long offset = running.offset();
      running.log().lookForDamageLater(offset);
      failed(it, running, "damage has to be put right first: " + e.getMessage());
    } catch (NoSuchFileException e) {
      failed(it, running, ""); // retention has taken a segment; the next look sees what is left
    } catch (DiskFullException e) {
      fullDisk.met(e.getMessage());
      failed(it, running, "there is no room to write a segment anew: " + e.getMessage());
    } catch (ForceFailedException e) {
      flushQueue.fail(e);
      failed(it, running, e.toString());
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: compaction failed", it.log.name(), e);
      failed(it, running, e.toString());
    }
  }

  private void failed(Known it, CompactionPass running, String why) {
    pass = null;
    close(running);
    if (!why.isEmpty()) {
      trouble(it, why);
    }
    lookAgain();
  }

  private void trouble(Known it, String why) {
    it.notBeforeNanos = housekeeping.clock().nanoTime() + TROUBLE_NANOS;
    if (!why.equals(troubles.put(it.log.name(), why))) {
      LOG.warn("{} cannot be compacted for now: {}", it.log.name(), why);
    }
    counters.compactionStuck(troubles.size());
    answer(it, new CompactionOutcome.NotDone(why));
  }

  private void noTrouble(Known it) {
    if (troubles.remove(it.log.name()) != null) {
      counters.compactionStuck(troubles.size());
      LOG.info("{} can be compacted again, or need not be", it.log.name());
    }
  }

  private void close(CompactionPass running) {
    try {
      running.close();
      Path unfinished = running.unfinished();
      if (unfinished != null && disk.kind(unfinished) != FileKind.ABSENT) {
        disk.delete(unfinished);
      }
    } catch (IOException e) {
      LOG.debug("what compaction was writing stays until the log is opened again", e);
    }
  }

  private void ended(Known it, CompactionPass done) throws IOException {
    pass = null;
    close(done);
    it.droppedRecords += done.droppedRecords();
    it.freedBytes += done.freedBytes();
    if (done.isGivenUp()) {
      lookAgain();
      return;
    }
    if (done.isStuck()) {
      trouble(
          it,
          "the batch at offset "
              + done.cleanedTo()
              + " has more keys than "
              + Wording.bytes(pace.memoryBytes())
              + " hold");
      return;
    }
    counters.compactionPass();
    noTrouble(it);
    it.progress = new CompactionFile.Progress(done.cleanedTo(), done.nextHorizonMillis());
    if (done.droppedRecords() > 0) {
      LOG.info(
          "{}: compacted to offset {}: {} records and {} less",
          it.log.name(),
          done.cleanedTo(),
          done.droppedRecords(),
          Wording.bytes(Math.max(0, done.freedBytes())));
    }
    try {
      CompactionFile.write(disk, it.log.directory(), it.progress);
    } catch (ForceFailedException e) {
      throw e;
    } catch (IOException e) {
      LOG.debug("{}: how far compaction has come is not written", it.log.name(), e);
    }
    answerIfDone(it);
    lookAgain();
  }

  /** There may be more to do, of this log or another. */
  private void lookAgain() {
    housekeeping.execute(this::look);
  }

  private static void answerIfDone(Known it) {
    if (it.requestedTo >= 0 && it.progress.cleanedTo() >= it.requestedTo) {
      answer(
          it,
          new CompactionOutcome.Done(it.progress.cleanedTo(), it.droppedRecords, it.freedBytes));
    }
  }

  private static void answer(Known it, CompactionOutcome outcome) {
    it.requestedTo = -1;
    List<Consumer<CompactionOutcome>> waiting = List.copyOf(it.waiting);
    it.waiting.clear();
    it.droppedRecords = 0;
    it.freedBytes = 0;
    waiting.forEach(each -> each.accept(outcome));
  }
}
