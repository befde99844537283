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

  /** For one log, so that nobody who asks again and again takes memory. */
  private static final int MAX_WAITING = 64;

  /** What somebody waits for may be committed, or forced, any moment. */
  private static final long WAITING_NANOS = MILLISECONDS.toNanos(100);

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
  private final Map<PartitionName, CompactionStatus> statuses = new ConcurrentHashMap<>();

  private boolean isStopped;
  private boolean isLooking;
  private boolean isLookWanted;
  private boolean isLookingForWaiting;
  private @Nullable CompactionWork pass;

  /** What is known of one log beside what it tells itself. */
  private static final class Known {
    final PartitionLog log;
    CompactionFile.Progress progress = CompactionFile.Progress.NONE;
    int reshapes = -1;
    long notBeforeNanos = Long.MIN_VALUE;

    final List<Waiting> waiting = new ArrayList<>(0);
    long droppedRecords;

    Known(PartitionLog log) {
      this.log = log;
    }

    /** Somebody wants all before it compacted, whatever the ratio; -1: nobody. */
    long wantedTo() {
      return waiting.stream().mapToLong(Waiting::to).max().orElse(-1);
    }
  }

  /**
   * Somebody who wants all before an offset compacted.
   *
   * @param before what there was of it
   * @param droppedBefore of {@link Known#droppedRecords}
   */
  private record Waiting(
      CompactionWish wish, long to, CompactionOutcome.Size before, long droppedBefore) {}

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
    CompactionWork running = pass;
    pass = null;
    if (running != null) {
      close(running);
    }
    for (Known each : known.values()) {
      answer(each, new CompactionOutcome.NotDone("the broker is stopping"));
    }
  }

  /** Of the logs that are compacted, as far as they have been looked at. Any thread. */
  Map<PartitionName, CompactionStatus> statuses() {
    return Map.copyOf(statuses);
  }

  private CompactionStatus status(Known it) {
    return statuses.getOrDefault(it.log.name(), CompactionStatus.UNKNOWN);
  }

  private void status(Known it, CompactionStatus now) {
    statuses.put(it.log.name(), now);
    counters.compactionMet(statuses.values());
  }

  /** Compacts a log whatever the ratio and the lags. On the worker. */
  void compactNow(PartitionLog log, CompactionWish wish) {
    if (!log.isCompacting()) {
      wish.ended(new CompactionOutcome.NotCompacted());
    } else {
      log.rollLater(
          wish.before().orElse(Long.MAX_VALUE),
          end -> housekeeping.execute(() -> ask(log, wish, end)));
    }
  }

  private void ask(PartitionLog log, CompactionWish wish, long wantedTo) {
    log.compactionFactsLater(
        facts ->
            housekeeping.execute(
                () -> {
                  if (facts == null || isStopped || !logs.get().contains(log)) {
                    wish.ended(new CompactionOutcome.NotDone("the log is closed"));
                    return;
                  }
                  Known it = known(log);
                  it.waiting.removeIf(each -> each.wish().isGivenUp());
                  if (it.waiting.size() >= MAX_WAITING) {
                    wish.ended(
                        new CompactionOutcome.NotDone(MAX_WAITING + " others wait for it already"));
                    return;
                  }
                  wish.begun(wantedTo);
                  it.waiting.add(
                      new Waiting(wish, wantedTo, facts.sizeBefore(wantedTo), it.droppedRecords));
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
                statuses.remove(each.log.name());
                counters.compactionMet(statuses.values());
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

    /** When there is none: small segments of the log. */
    List<CompactionFacts.ClosedSegment> joins = List.of();
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
    it.waiting.removeIf(each -> each.wish().isGivenUp());
    List<CompactionFacts.ClosedSegment> joins = told.toBeJoined(it.progress);
    if (joins.isEmpty()) {
      answerIfDone(it, told);
    }
    CompactionPlan.Decision decision =
        CompactionPlan.decide(
            facts.candidate(it.progress, it.wantedTo() > it.progress.cleanedTo()),
            housekeeping.clock().wallMillis());
    status(
        it,
        status(it)
            .looked(
                facts,
                it.progress,
                decision instanceof CompactionPlan.Decision.Compact,
                housekeeping.clock().wallMillis()));
    if (decision instanceof CompactionPlan.Decision.Compact compact && isWorse(compact, best)) {
      best.log = it;
      best.facts = facts;
      best.decision = compact;
    } else if (best.decision == null && !joins.isEmpty()) {
      best.log = it;
      best.facts = facts;
      best.joins = joins;
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
    if (isStopped || it == null || facts == null) {
      if (isLookWanted && !isStopped) {
        lookAgain(); // somebody asked while the others were asked
      } else if (!isStopped) {
        lookAgainForWhoWaits();
      }
      return;
    }
    CompactionWork begun =
        decision == null
            ? new JoinPass(
                disk,
                it.log,
                best.joins,
                facts.indexIntervalBytes(),
                walk,
                counters,
                housekeeping::execute)
            : new CompactionPass(
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
    status(it, status(it).underWay(true));
    step(it, begun);
  }

  private void step(Known it, CompactionWork running) {
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

  private void failed(Known it, CompactionWork running, String why) {
    pass = null;
    close(running);
    status(it, status(it).underWay(false));
    if (!why.isEmpty()) {
      trouble(it, why);
    }
    lookAgain();
  }

  private void trouble(Known it, String why) {
    it.notBeforeNanos = housekeeping.clock().nanoTime() + TROUBLE_NANOS;
    CompactionStatus before = status(it);
    if (!why.equals(before.trouble())) {
      LOG.warn("{} cannot be compacted for now: {}", it.log.name(), why);
    }
    status(it, before.withTrouble(why, housekeeping.clock().wallMillis()));
    answer(it, new CompactionOutcome.NotDone(why));
  }

  private void noTrouble(Known it) {
    CompactionStatus before = status(it);
    if (!before.trouble().isEmpty()) {
      status(it, before.withTrouble("", housekeeping.clock().wallMillis()));
      LOG.info("{} can be compacted again, or need not be", it.log.name());
    }
  }

  private void close(CompactionWork running) {
    counters.compactionMemory(0);
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

  private void ended(Known it, CompactionWork over) throws IOException {
    pass = null;
    close(over);
    status(it, status(it).underWay(false));
    if (over instanceof CompactionPass done) {
      ended(it, done);
    } else {
      noTrouble(it);
      lookAgain();
    }
  }

  private void ended(Known it, CompactionPass done) throws IOException {
    it.droppedRecords += done.droppedRecords();
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
    lookAgain();
  }

  /** There may be more to do, of this log or another; and who waits is told. */
  private void lookAgain() {
    housekeeping.execute(this::look);
  }

  private void lookAgainForWhoWaits() {
    if (!isLookingForWaiting && known.values().stream().anyMatch(it -> !it.waiting.isEmpty())) {
      isLookingForWaiting = true;
      housekeeping.schedule(
          WAITING_NANOS,
          () -> {
            isLookingForWaiting = false;
            if (!isStopped) {
              look();
            }
          });
    }
  }

  private static void answerIfDone(Known it, CompactionFacts facts) {
    for (Waiting each : List.copyOf(it.waiting)) {
      if (facts.isCleaned(it.progress, each.to())) {
        it.waiting.remove(each);
        each.wish()
            .ended(
                new CompactionOutcome.Done(
                    Math.max(it.progress.cleanedTo(), each.to()),
                    it.droppedRecords - each.droppedBefore(),
                    each.before(),
                    facts.sizeBefore(each.to())));
      }
    }
  }

  private static void answer(Known it, CompactionOutcome outcome) {
    List<Waiting> waiting = List.copyOf(it.waiting);
    it.waiting.clear();
    waiting.forEach(each -> each.wish().ended(outcome));
  }
}
