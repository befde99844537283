package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.server.group.GroupChange;
import io.millrace.server.partition.AppendOutcome;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.ProduceShare;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compressions;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the changes of groups to the partition that keeps them, by the way that every producer's
 * records go, and knows when all that was written is committed. Owner: the partition's loop.
 *
 * <p>The groups in memory are ahead of the log until then. So nobody is told anything before
 * everything is committed that it may follow from, and after a write that failed, or may have, the
 * groups in memory are of no use any more: they have to be read again.
 */
final class GroupLog {
  /** As records of ordinary topics; one decision about a large group takes several batches. */
  private static final int MAX_BATCH_BYTES = 1 << 20;

  private static final long PATIENCE_NANOS = SECONDS.toNanos(10);

  private final Shard shard;
  private final PartitionId id;
  private final int epoch;
  private final Consumer<Refusal> onLost;
  private final Deque<Write> unconfirmed = new ArrayDeque<>();
  private final Deque<BatchBuilder> spare = new ArrayDeque<>();

  /** Why nothing is written any more; null as long as it is. */
  private @Nullable Refusal lost;

  /** Somebody who waits for what was written before, and is told in any case. */
  interface Waiter {
    void onCommitted();

    void onLost(Refusal why);
  }

  private static final class Write {
    final List<Waiter> waiters = new ArrayList<>();
    boolean isCommitted;
  }

  /**
   * @param epoch of the partition's leader: written in no other
   * @param onLost once: a write has failed, or may have
   */
  GroupLog(Shard shard, PartitionId id, int epoch, Consumer<Refusal> onLost) {
    this.shard = shard;
    this.id = id;
    this.epoch = epoch;
    this.onLost = onLost;
  }

  void write(String groupId, List<GroupChange> changes) {
    if (changes.isEmpty() || lost != null) {
      return;
    }
    List<GroupLogCodec.Line> lines = new ArrayList<>();
    changes.forEach(change -> lines.addAll(GroupLogCodec.lines(groupId, change)));
    if (!writeLines(lines)) {
      lose(
          new Refusal(
              ErrorCode.TOO_LARGE,
              "what group "
                  + groupId
                  + " has to remember of one member or offset is larger than a record may be"));
    }
  }

  /** Records that make no sense: nothing shall be known of their keys any more. */
  void erase(List<ByteBuffer> keys) {
    if (!keys.isEmpty() && lost == null) {
      writeLines(keys.stream().map(key -> new GroupLogCodec.Line(key.duplicate(), null)).toList());
    }
  }

  private boolean writeLines(List<GroupLogCodec.Line> lines) {
    List<BatchBuilder> batches = new ArrayList<>(1);
    long now = shard.loop().clock().wallMillis();
    for (GroupLogCodec.Line line : lines) {
      if (!add(batches, line, now)) {
        return false;
      }
    }
    append(batches);
    return true;
  }

  private boolean add(List<BatchBuilder> batches, GroupLogCodec.Line line, long now) {
    if (!batches.isEmpty()
        && batches.get(batches.size() - 1).tryAppend(now, line.key(), line.value(), List.of())) {
      return true;
    }
    BatchBuilder next = spare.poll();
    next =
        next == null
            ? new BatchBuilder(MAX_BATCH_BYTES, MAX_BATCH_BYTES, ByteBuffer::allocate)
            : next;
    batches.add(next);
    return next.tryAppend(now, line.key(), line.value(), List.of());
  }

  private void append(List<BatchBuilder> batches) {
    Write write = new Write();
    unconfirmed.add(write);
    shard.append(
        id,
        new ProduceShare(
            inOnePiece(batches.stream().map(each -> each.finish(Compressions.NONE)).toList()),
            Durability.DURABILITY_UNSPECIFIED,
            OptionalInt.of(epoch),
            shard.loop().clock().nanoTime() + PATIENCE_NANOS,
            new ProduceShare.Listener() {
              @Override
              public void onBatchesFree() {
                BatchBuilder first = batches.get(0);
                first.reset();
                spare.push(first);
              }

              @Override
              public void onOutcome(AppendOutcome outcome) {
                onWritten(write, outcome);
              }
            }));
  }

  private static ByteBuffer inOnePiece(List<ByteBuffer> batches) {
    if (batches.size() == 1) {
      return batches.get(0);
    }
    ByteBuffer all = ByteBuffer.allocate(batches.stream().mapToInt(ByteBuffer::remaining).sum());
    batches.forEach(each -> all.put(each.duplicate()));
    return all.flip();
  }

  private void onWritten(Write write, AppendOutcome outcome) {
    if (outcome instanceof AppendOutcome.Refused refused) {
      lose(refused.refusal());
      return;
    }
    write.isCommitted = true;
    while (!unconfirmed.isEmpty() && unconfirmed.element().isCommitted) {
      unconfirmed.remove().waiters.forEach(Waiter::onCommitted);
    }
  }

  /**
   * Once everything that was written until now is committed: at once, if it is. A write may have
   * been refused on the spot, before whoever wrote comes to wait for it.
   */
  void whenCommitted(Waiter waiter) {
    Write last = unconfirmed.peekLast();
    if (lost != null) {
      waiter.onLost(lost);
    } else if (last == null) {
      waiter.onCommitted();
    } else {
      last.waiters.add(waiter);
    }
  }

  /** Nothing is written any more; whoever waits hears why. */
  void lose(Refusal why) {
    if (lost != null) {
      return;
    }
    lost = why;
    List<Write> left = List.copyOf(unconfirmed);
    unconfirmed.clear();
    left.forEach(write -> write.waiters.forEach(waiter -> waiter.onLost(why)));
    onLost.accept(why);
  }
}
