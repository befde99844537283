package io.millrace.server.partition;

import io.millrace.rpc.Clock;
import io.millrace.server.config.TimestampKind;
import io.millrace.server.config.TopicSettings;
import io.millrace.storage.log.AppendResult;
import io.millrace.storage.log.PartitionLog;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchValidator;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A partition's way from shares to acknowledgements. Owner: the partition's loop.
 *
 * <p>In order, for each share: leader and epoch, in-sync minimum, size, checksum, counts, times;
 * only then is it kept, and nothing has changed when it is refused. At the end of the turn comes
 * what its producer sent before ({@link Sequencing}), and the write.
 */
final class Appends {
  private final Partition partition;
  private final PartitionLog log;
  private final VisibleEnd visible;
  private final Clock clock;
  private final AckQueue standard = new AckQueue(Durability.STANDARD);
  private final AckQueue synced = new AckQueue(Durability.SYNCED);
  private final BatchIterator written = new BatchIterator();
  private final Sequencing sequencing;

  private List<ProduceShare> offered = new ArrayList<>();
  private final KeptBack kept = new KeptBack();

  Appends(Partition partition, PartitionLog log, VisibleEnd visible, Clock clock) {
    this.partition = partition;
    this.log = log;
    this.visible = visible;
    this.clock = clock;
    this.sequencing = new Sequencing(partition.id());
  }

  boolean isAwaited() {
    return !standard.isEmpty() || !synced.isEmpty();
  }

  /** Behind what somebody at level {@code synced} waits for; 0 when nobody does. */
  long syncedTo() {
    return synced.endOffset();
  }

  /** True when this is the first share that has been kept since the last write. */
  boolean offer(ProduceShare share, BatchValidator validator) {
    Optional<Refusal> refusal = admit(share);
    if (refusal.isEmpty()) {
      refusal = validate(share, validator);
    }
    if (refusal.isPresent()) {
      refuse(share, refusal.get());
      return false;
    }
    offered.add(share);
    return offered.size() == 1;
  }

  private Optional<Refusal> admit(ProduceShare share) {
    TopicSettings topic = partition.topic();
    Durability wanted = CommitRules.orTopicLevel(share.requested(), topic.durability());
    Optional<Refusal> refusal = partition.checkEpoch(share.believedEpoch());
    if (refusal.isEmpty() && topic.isStrict() && CommitRules.isLower(wanted, topic.durability())) {
      return Optional.of(
          new Refusal(
              ErrorCode.INVALID_REQUEST,
              "durability "
                  + CommitRules.name(wanted)
                  + " is lower than that of the topic, "
                  + CommitRules.name(topic.durability())
                  + ", which durability.strict demands; ask for it, or for none in particular"));
    }
    if (refusal.isEmpty() && CommitRules.waitsForOthers(wanted) && !leading().hasEnoughInSync()) {
      int inSync = leading().inSyncCount();
      return Optional.of(
          new Refusal(
              ErrorCode.NOT_ENOUGH_REPLICAS,
              partition.id()
                  + " has "
                  + inSync
                  + (inSync == 1 ? " in-sync replica" : " in-sync replicas")
                  + ", and min.in.sync is "
                  + topic.minInSync()));
    }
    if (refusal.isEmpty() && wanted == Durability.LEADER && !partition.mayLeadAlone()) {
      return Optional.of(
          new Refusal(
              ErrorCode.UNAVAILABLE,
              "this broker has had no contact with the cluster's store for a session's time: another"
                  + " leader of "
                  + partition.id()
                  + " may have been elected that would not keep what only this one has; retry, or"
                  + " ask for level standard"));
    }
    return refusal;
  }

  private Optional<Refusal> validate(ProduceShare share, BatchValidator validator) {
    BatchValidator.Result result =
        validator.validate(share.batches().duplicate(), partition.limits(), clock.wallMillis());
    if (result instanceof BatchValidator.Invalid invalid) {
      return Optional.of(new Refusal(invalid.code(), invalid.message()));
    }
    if (partition.topic().timestampKind() == TimestampKind.APPEND) {
      written.over(share.batches());
      while (written.next()) {
        written.batch().useAppendTime();
      }
    }
    return Optional.empty();
  }

  /** Whether somebody waits for what is below that offset. */
  boolean isAwaitedBelow(long offset) {
    return standard.isAnyBelow(offset) || synced.isAnyBelow(offset);
  }

  /**
   * Writes all that was offered in this turn of the loop.
   *
   * @param isHandingOver but for what has to be kept meanwhile; afterwards that comes first
   */
  void write(boolean isHandingOver) {
    List<ProduceShare> turn = offered;
    offered = new ArrayList<>();
    if (isHandingOver) {
      turn = kept.sift(turn, partition.topic().durability());
    } else if (!kept.isEmpty()) {
      List<ProduceShare> all = kept.takeAll();
      all.addAll(turn);
      turn = all;
    }
    if (!turn.isEmpty()) { // a step down in the same turn has refused them
      writeAll(turn);
    }
  }

  private void writeAll(List<ProduceShare> turn) {
    int next = 0;
    while (next < turn.size() && partition.role() instanceof Role.Leader leader) {
      next = write(turn, next, leader.epoch());
    }
    for (ProduceShare share : turn.subList(next, turn.size())) {
      refuse(share, new Refusal(ErrorCode.NOT_LEADER, "nothing was appended: the log has failed"));
    }
  }

  /** Writes shares in one piece; returns the first that repeats one of them, to go on with. */
  private int write(List<ProduceShare> turn, int from, int epoch) {
    long nowMillis = clock.wallMillis();
    List<CheckedShare> checked = new ArrayList<>(turn.size() - from);
    int next = from;
    while (next < turn.size()) {
      ProduceShare share = turn.get(next);
      Sequencing.Decision decision = sequencing.decide(share, log.producers(), nowMillis);
      if (decision instanceof Sequencing.Decision.Admit admit) {
        checked.add(admit.share());
      } else if (decision instanceof Sequencing.Decision.Refuse refused) {
        refuse(share, refused.refusal());
      } else if (checked.isEmpty()) {
        refuse(share, new Refusal(ErrorCode.INVALID_REQUEST, "the share holds a batch twice"));
      } else {
        break;
      }
      next++;
    }
    append(checked, epoch, nowMillis);
    return next;
  }

  private void append(List<CheckedShare> checked, int epoch, long nowMillis) {
    List<ByteBuffer> buffers = new ArrayList<>(checked.size());
    for (CheckedShare each : checked) {
      for (ByteBuffer run : each.toAppend()) {
        buffers.add(run.duplicate());
      }
    }
    AppendResult result;
    try {
      result = log.append(buffers, epoch, nowMillis);
    } catch (RuntimeException e) {
      // An invariant is broken: what is in the log now cannot be told, so this replica stops.
      checked.forEach(each -> refuse(each.share(), unknown("the broker failed while appending")));
      partition.onFailed(e);
      return;
    } finally {
      log.producers().endTurn();
    }
    if (!(partition.role() instanceof Role.Leader)) {
      // The log has failed, perhaps behind some of them.
      checked.forEach(each -> refuse(each.share(), unknown("the log failed while appending")));
      return;
    }
    boolean flush = settle(checked, result, epoch, nowMillis);
    leading().onAppended();
    partition.onProgress();
    if (flush) {
      log.requestFlush();
    }
  }

  /** Tells every share, or has it wait; returns whether the disk must have them soon. */
  private boolean settle(
      List<CheckedShare> checked, AppendResult result, int epoch, long nowMillis) {
    Durability level = partition.topic().durability();
    boolean flush = false;
    int buffer = 0;
    for (CheckedShare each : checked) {
      ProduceShare share = each.share();
      int end = buffer + each.toAppend().size();
      boolean isAppended = end == buffer || result.baseOffset(end - 1) != AppendResult.NOT_APPENDED;
      buffer = end;
      if (!isAppended) {
        refuse(share, notAppended(result));
        continue;
      }
      CheckedShare.Placed placed = each.placed(written);
      List<Long> baseOffsets = placed.baseOffsets();
      long endOffset = placed.endOffset();
      if (!each.isRepetition()) {
        int sizeBytes = each.appendedBytes();
        visible.onAppended(endOffset, sizeBytes);
        partition.waiters().onAppended(sizeBytes);
        partition.traffic().produced(sizeBytes, placed.newRecords(), placed.newBatches());
      }
      long appendMillis = each.isRepetition() ? each.knownMillis() : nowMillis;
      share.listener().onBatchesFree();
      Durability wanted = CommitRules.orTopicLevel(share.requested(), level);
      if (CommitRules.waitsForOthers(wanted)) {
        (wanted == Durability.SYNCED ? synced : standard)
            .add(
                new AckQueue.Waiting(
                    endOffset,
                    share.deadlineNanos(),
                    share.listener(),
                    baseOffsets,
                    appendMillis,
                    epoch));
      } else {
        share
            .listener()
            .onOutcome(
                new AppendOutcome.Appended(
                    baseOffsets, appendMillis, epoch, Durability.LEADER, 1, false));
      }
      flush |= leading().waitsForOwnDisk(wanted) || leading().waitsForOwnDisk(level);
    }
    return flush;
  }

  private Refusal notAppended(AppendResult result) {
    if (result.failure() instanceof AppendResult.AppendFailure.DiskFull full) {
      return new Refusal(
          ErrorCode.STORAGE_FAILED,
          "nothing was appended to " + partition.id() + ", the disk is full: " + full.why());
    }
    return unknown("the log failed while appending");
  }

  /** More is committed, or on the disk. */
  void onCommitted(Leading leader) {
    if (isAwaited()) {
      long flushedEnd = log.flushedOffset();
      int replicas = leader.inSyncCount();
      standard.onCommitted(leader.committedEnd(Durability.STANDARD), replicas, flushedEnd);
      synced.onCommitted(leader.committedEnd(Durability.SYNCED), replicas, flushedEnd);
    }
  }

  void expire(long nowNanos) {
    standard.expire(nowNanos);
    synced.expire(nowNanos);
  }

  /** What was offered is refused, what was appended and not acknowledged is unknown. */
  void abandon(String why) {
    List<ProduceShare> turn = kept.takeAll();
    turn.addAll(offered);
    offered = new ArrayList<>();
    for (ProduceShare share : turn) {
      refuse(share, Refusal.notLeader(partition.role(), "nothing was appended: " + why));
    }
    abandonAppended(why);
  }

  /** What was appended and not acknowledged is unknown; who leads now may be asked. */
  void abandonAppended(String why) {
    Optional<KnownLeader> leader = partition.role().knownLeader();
    standard.abandon(why, leader);
    synced.abandon(why, leader);
  }

  private Leading leading() {
    return partition.leading();
  }

  private static void refuse(ProduceShare share, Refusal refusal) {
    share.listener().onBatchesFree();
    share.listener().onOutcome(new AppendOutcome.Refused(refusal));
  }

  private static Refusal unknown(String why) {
    return new Refusal(ErrorCode.OUTCOME_UNKNOWN, why + "; only reading back can tell");
  }
}
