package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Timer;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.CompactionOutcome;
import io.millrace.storage.log.CompactionWish;
import io.millrace.wire.v1.CompactPartition;
import io.millrace.wire.v1.CompactRequest;
import io.millrace.wire.v1.CompactResponse;
import io.millrace.wire.v1.CompactResult;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Compacts what this broker stores of some partitions, at once: its own replicas, whoever leads, as
 * replicas compact alone. What takes longer than the request may is told as such, partition by
 * partition, a little before its time is up.
 */
final class CompactHandler {
  private static final long UNKNOWN = -1;

  private final Supplier<Catalog> catalog;
  private final CompactionDesk logs;
  private final RequestSettings settings;

  CompactHandler(Supplier<Catalog> catalog, CompactionDesk logs, RequestSettings settings) {
    this.catalog = catalog;
    this.logs = logs;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    CompactRequest compact = request.head().getCompact();
    Optional<Refusal> refusal =
        NamedPartitions.check(compact.getPartitionsList(), CompactHandler::id, settings);
    if (refusal.isPresent()) {
      request.refuse(refusal.get().code(), refusal.get().message());
      return;
    }
    int count = compact.getPartitionsCount();
    long left = Math.max(0, request.deadlineNanos() - request.loop().clock().nanoTime());
    List<Wish> waiting = new ArrayList<>(count);
    Timer deadline =
        request.loop().schedule(left - left / 10, () -> waiting.forEach(Wish::timeIsUp));
    Gather<CompactResult> results =
        new Gather<>(
            count,
            all -> {
              deadline.cancel();
              request.answer(
                  Response.newBuilder().setCompact(CompactResponse.newBuilder().addAllResults(all)),
                  List.of());
            });
    for (int i = 0; i < count; i++) {
      waiting.add(new Wish(compact.getPartitions(i), i, results));
    }
    List.copyOf(waiting).forEach(this::ask);
  }

  private static PartitionId id(CompactPartition partition) {
    return new PartitionId(partition.getTopicId(), partition.getPartition());
  }

  private void ask(Wish wish) {
    PartitionId id = id(wish.wanted);
    Refusal elsewhere = catalog.get().whyNotHere(id);
    if (elsewhere.code() != ErrorCode.NOT_LEADER) {
      wish.refuse(elsewhere);
    } else {
      logs.compactNow(new PartitionName(id.topicId(), id.partition()), wish);
    }
  }

  /**
   * One partition of a request. Told on the housekeeping worker, and once by the request's loop.
   */
  private static final class Wish implements CompactionWish {
    final CompactPartition wanted;
    private final int index;
    private final Gather<CompactResult> results;
    private final AtomicBoolean isAnswered = new AtomicBoolean();
    private volatile long wantedTo = UNKNOWN;

    Wish(CompactPartition wanted, int index, Gather<CompactResult> results) {
      this.wanted = wanted;
      this.index = index;
      this.results = results;
    }

    @Override
    public OptionalLong before() {
      return wanted.hasBeforeOffset()
          ? OptionalLong.of(wanted.getBeforeOffset())
          : OptionalLong.empty();
    }

    @Override
    public void begun(long to) {
      wantedTo = to;
    }

    @Override
    public boolean isGivenUp() {
      return isAnswered.get();
    }

    @Override
    public void ended(CompactionOutcome outcome) {
      if (outcome instanceof CompactionOutcome.Done done) {
        fill(
            result()
                .setCleanedTo(done.cleanedTo())
                .setDroppedRecords(done.droppedRecords())
                .setSegmentsBefore(done.before().segments())
                .setSegmentsAfter(done.after().segments())
                .setBytesBefore(done.before().bytes())
                .setBytesAfter(done.after().bytes()));
      } else if (outcome instanceof CompactionOutcome.NotDone not) {
        refuse(new Refusal(ErrorCode.UNAVAILABLE, not.why()));
      } else {
        refuse(
            new Refusal(
                ErrorCode.INVALID_REQUEST,
                "the topic does not keep the latest record of each key: its cleanup is delete;"
                    + " set cleanup=compact or cleanup=both first"));
      }
    }

    void timeIsUp() {
      refuse(
          new Refusal(
              ErrorCode.TIMED_OUT,
              wantedTo == UNKNOWN
                  ? "compaction has not begun in time"
                  : "not compacted to offset "
                      + wantedTo
                      + " yet: that takes longer, or not all before it is committed"));
    }

    void refuse(Refusal refusal) {
      fill(result().setError(refusal.toError()));
    }

    private CompactResult.Builder result() {
      CompactResult.Builder result =
          CompactResult.newBuilder()
              .setTopicId(wanted.getTopicId())
              .setPartition(wanted.getPartition());
      long to = wantedTo;
      return to == UNKNOWN ? result : result.setWantedTo(to);
    }

    private void fill(CompactResult.Builder result) {
      if (isAnswered.compareAndSet(false, true)) {
        results.fill(index, result.build());
      }
    }
  }
}
