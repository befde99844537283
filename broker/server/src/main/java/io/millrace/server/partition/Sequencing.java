package io.millrace.server.partition;

import io.millrace.rpc.SafetyRule;
import io.millrace.storage.producers.ProducerTable;
import io.millrace.storage.producers.Verdict;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the batches of a share against what the partition knows of their producers: which are to be
 * appended, which have been, and why the share has to be refused. Owner: the partition's loop.
 *
 * <p>What is to be appended is staged in the table, share by share, until the turn is written. A
 * share that is refused is refused whole, and stages nothing.
 */
final class Sequencing {
  private final PartitionId id;
  private final BatchIterator batches = new BatchIterator();

  Sequencing(PartitionId id) {
    this.id = id;
  }

  /** What becomes of a share. */
  sealed interface Decision {
    record Admit(CheckedShare share) implements Decision {}

    record Refuse(Refusal refusal) implements Decision {}

    /** It repeats what is staged: write that, then ask again. */
    record WriteFirst() implements Decision {}
  }

  Decision decide(ProduceShare share, ProducerTable table, long nowMillis) {
    if (!namesProducer(share)) {
      return new Decision.Admit(CheckedShare.ofNew(share));
    }
    table.beginShare();
    List<Long> known = new ArrayList<>(1);
    boolean anyKnown = false;
    long knownEnd = 0;
    long knownMillis = 0;
    batches.over(share.batches());
    while (batches.next()) {
      BatchView batch = batches.batch();
      Verdict verdict =
          batch.producerId() == BatchLayout.NO_PRODUCER_ID ? null : table.check(batch, nowMillis);
      if (verdict == null) {
        known.add(CheckedShare.NEW);
      } else if (verdict instanceof Verdict.Append) {
        table.stage(batch);
        known.add(CheckedShare.NEW);
      } else if (verdict instanceof Verdict.Duplicate duplicate) {
        known.add(duplicate.baseOffset());
        knownEnd = Math.max(knownEnd, duplicate.baseOffset() + batch.lastOffsetDelta() + 1);
        knownMillis = duplicate.appendTimestampMillis();
        anyKnown = true;
      } else {
        table.undoShare();
        return verdict instanceof Verdict.AskAgain
            ? new Decision.WriteFirst()
            : new Decision.Refuse(refusal(verdict, batch));
      }
    }
    return new Decision.Admit(
        anyKnown
            ? new CheckedShare(share, newRuns(share.batches(), known), known, knownEnd, knownMillis)
            : CheckedShare.ofNew(share));
  }

  private boolean namesProducer(ProduceShare share) {
    batches.over(share.batches());
    while (batches.next()) {
      if (batches.batch().producerId() != BatchLayout.NO_PRODUCER_ID) {
        return true;
      }
    }
    return false;
  }

  /** The batches that are not known, as few pieces as may be. */
  private List<ByteBuffer> newRuns(ByteBuffer share, List<Long> known) {
    List<ByteBuffer> runs = new ArrayList<>();
    int start = -1;
    int end = share.position();
    batches.over(share);
    for (int i = 0; batches.next(); i++) {
      boolean isNew = known.get(i) == CheckedShare.NEW;
      if (isNew && start < 0) {
        start = end;
      } else if (!isNew && start >= 0) {
        runs.add(part(share, start, end));
        start = -1;
      }
      end += batches.batch().sizeBytes();
    }
    if (start >= 0) {
      runs.add(part(share, start, end));
    }
    return runs;
  }

  private static ByteBuffer part(ByteBuffer share, int from, int to) {
    return share.duplicate().limit(to).position(from);
  }

  private Refusal refusal(Verdict verdict, BatchView batch) {
    String what =
        "producer "
            + batch.producerId()
            + ", epoch "
            + batch.producerEpoch()
            + ", sequence "
            + batch.baseSequence()
            + ": ";
    if (verdict instanceof Verdict.OutOfOrder outOfOrder) {
      return new Refusal(
          SafetyRule.R16.isLeftOut() ? ErrorCode.BUSY : ErrorCode.OUT_OF_ORDER_SEQUENCE,
          what
              + outOfOrder.expected()
              + " comes next in "
              + id
              + ": something before it is missing, and nothing was appended");
    } else if (verdict instanceof Verdict.Fenced fenced) {
      return new Refusal(
          ErrorCode.FENCED_PRODUCER,
          what + "epoch " + fenced.epoch() + " has begun in " + id + ", and nothing was appended");
    } else if (verdict instanceof Verdict.Reused reused) {
      return new Refusal(
          ErrorCode.SEQUENCE_REUSED,
          what
              + "in "
              + id
              + " other records have it, in the batch at offset "
              + reused.baseOffset()
              + "; nothing was appended");
    } else if (verdict instanceof Verdict.OldDuplicate) {
      return new Refusal(
          ErrorCode.DUPLICATE_SEQUENCE,
          what + "was appended to " + id + " so long ago that its offset is not remembered");
    } else if (verdict instanceof Verdict.TooMany tooMany) {
      return new Refusal(
          ErrorCode.BUSY,
          what
              + id
              + " has "
              + tooMany.limit()
              + " producers that were active of late and takes no more now; have fewer that live"
              + " longer, or retry");
    } else {
      return new Refusal(
          ErrorCode.UNKNOWN_PRODUCER,
          what
              + id
              + " knows nothing of the producer: it was idle for too long, or its records are gone;"
              + " begin with the next epoch and sequence 0");
    }
  }
}
