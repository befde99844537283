package io.millrace.server.partition;

import io.millrace.rpc.SafetyRule;
import io.millrace.storage.log.LogDamage;
import io.millrace.storage.log.PartitionLog;
import io.millrace.storage.log.TimeAnswer;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What readers get of a partition. Owner: the partition's loop; changes nothing, but for what the
 * partition makes of a replica's fetch.
 */
final class Reads {
  private final Partition partition;
  private final PartitionId id;
  private final PartitionLog log;
  private final VisibleEnd visible;

  /**
   * @param lookAgain whoever waits at this partition is to look again: what was not in memory is
   */
  Reads(Partition partition, PartitionLog log, VisibleEnd visible, Runnable lookAgain) {
    this.partition = partition;
    this.id = partition.id();
    this.log = log;
    this.visible = visible;
    // Retention goes by it, also in a partition that nobody writes to any more.
    log.noteHighWatermark(visible.offset());
    log.tellWhenWarm(lookAgain);
  }

  /** See {@link Shard#look}. */
  ReadResult read(
      Role role, ReadResult.Spec spec, long budget, boolean wholeBatchAnyway, boolean isFirstLook) {
    FollowerClaim claim = spec.claim();
    if (claim != null && spec.believedEpoch().isEmpty()) {
      return refused(
          new Refusal(ErrorCode.INVALID_REQUEST, "a replica fetches in an epoch of its leader"));
    }
    Optional<Refusal> refusal =
        EpochRules.check(
            role, SafetyRule.R3.isLeftOut() ? OptionalInt.empty() : spec.believedEpoch());
    if (refusal.isPresent()) {
      return refused(refusal.get());
    }
    long start = log.startOffset();
    int epoch = ((Role.Leader) role).epoch();
    if (spec.lastEpoch().isPresent()) {
      int last = spec.lastEpoch().getAsInt();
      Optional<DivergenceRules.Divergence> parted =
          claim == null
              ? DivergenceRules.check(spec.offset(), last, log.endOffsetForEpoch(last), start)
              : DivergenceRules.checkReplica(
                  spec.offset(), last, log.endOffsetForEpoch(last), start);
      if (parted.isPresent()) {
        return new ReadResult.Diverged(
            parted.get().epoch(), parted.get().endOffset(), start, visible.offset(), epoch);
      }
    }
    long readableEnd = claim == null ? visible.offset() : log.endOffset();
    FetchRules.Decision decision =
        FetchRules.decide(spec.offset(), start, readableEnd, log.endOffset());
    if (decision instanceof FetchRules.Decision.Refuse refuse) {
      return refused(refuse.refusal());
    }
    if (claim != null && isFirstLook) {
      partition.onReplicaFetch(claim, spec.offset());
    }
    ReadResult.Served nothing =
        new ReadResult.Served(
            Optional.empty(),
            false,
            false,
            start,
            visible.offset(),
            epoch,
            spec.offset(),
            claim == null ? 0 : partition.flushWantedTo());
    if (spec.damagedOffset() >= 0 && partition.onDamageReported(spec.damagedOffset())) {
      return nothing.onItsWay(true); // not the same again before it is known to be whole
    }
    return decision instanceof FetchRules.Decision.Wait
        ? nothing
        : readLog(spec, readableEnd, Math.min(spec.maxBytes(), budget), wholeBatchAnyway, nothing);
  }

  private ReadResult readLog(
      ReadResult.Spec spec,
      long readableEnd,
      long maxBytes,
      boolean wholeBatchAnyway,
      ReadResult.Served nothing) {
    if (maxBytes <= 0 && !wholeBatchAnyway) {
      return nothing.heldBackAt(spec.offset());
    }
    try {
      var found = log.read(spec.offset(), Math.max(1, maxBytes), readableEnd);
      if (found instanceof io.millrace.storage.log.ReadResult.Damaged damaged) {
        return refused(new Refusal(ErrorCode.CORRUPT_BATCH, damaged(damaged.damage())));
      }
      if (!(found instanceof io.millrace.storage.log.ReadResult.Data data)) {
        return nothing.onItsWay(found instanceof io.millrace.storage.log.ReadResult.Cold);
      }
      if (data.slice().size() > maxBytes && !wholeBatchAnyway) {
        data.slice().release();
        return nothing.heldBackAt(spec.offset());
      }
      return nothing.with(data.slice(), data.nextOffset());
    } catch (IOException e) {
      return refused(storageFailed(e));
    }
  }

  private ReadResult refused(Refusal refusal) {
    return new ReadResult.Refused(refusal, log.startOffset(), visible.offset());
  }

  /** See {@link Shard#findOffset}. */
  void find(Role role, OffsetQuery query, Consumer<OffsetQuery.Answer> then) {
    Optional<Refusal> refusal = EpochRules.check(role, query.believedEpoch());
    if (refusal.isPresent()) {
      then.accept(new OffsetQuery.Answer.Refused(refusal.get()));
      return;
    }
    Role.Leader leader = (Role.Leader) role;
    if (query.position() instanceof OffsetQuery.Position.Earliest) {
      then.accept(at(log.startOffset(), leader));
    } else if (visible.offset() < leader.startOffset()) {
      // What earlier leaders showed may be ahead of what is known to be committed here: an answer
      // now could be behind one given before.
      then.accept(
          new OffsetQuery.Answer.Refused(
              new Refusal(
                  ErrorCode.OFFSET_NOT_AVAILABLE,
                  "the new leader of " + id + " does not know the visible end yet; retry")));
    } else if (query.position() instanceof OffsetQuery.Position.AtTime time) {
      log.findTime(
          time.timestampMillis(), visible.offset(), found -> then.accept(atTime(found, leader)));
    } else {
      then.accept(at(visible.offset(), leader));
    }
  }

  private OffsetQuery.Answer atTime(TimeAnswer answer, Role.Leader leader) {
    if (answer instanceof TimeAnswer.Failed failed) {
      return new OffsetQuery.Answer.Refused(
          new Refusal(ErrorCode.STORAGE_FAILED, "reading " + id + " failed: " + failed.why()));
    }
    if (answer instanceof TimeAnswer.Found found) {
      return new OffsetQuery.Answer.At(
          OptionalLong.of(found.record().offset()),
          OptionalLong.of(found.record().timestampMillis()),
          leader.epoch());
    }
    return new OffsetQuery.Answer.At(OptionalLong.empty(), OptionalLong.empty(), leader.epoch());
  }

  private static OffsetQuery.Answer at(long offset, Role.Leader leader) {
    return new OffsetQuery.Answer.At(OptionalLong.of(offset), OptionalLong.empty(), leader.epoch());
  }

  private String damaged(LogDamage damage) {
    return id
        + " on this broker: "
        + damage
        + ". It is put right by itself as soon as another replica can give what belongs there";
  }

  private Refusal storageFailed(IOException e) {
    return new Refusal(ErrorCode.STORAGE_FAILED, "reading " + id + " failed: " + e.getMessage());
  }
}
