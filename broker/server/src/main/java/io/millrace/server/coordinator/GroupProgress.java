package io.millrace.server.coordinator;

import io.millrace.server.group.CommittedOffset;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * How far a group is in a partition. Pure.
 *
 * @param memberId who holds it
 * @param committed the next offset to be read
 * @param lag what the leader says
 * @param stillMillis for how long the committed offset has not moved
 * @param stuck a member has held it for five minutes, in which there was something to read and the
 *     committed offset did not move. All three, since each alone is nothing: a topic where nothing
 *     comes, a record that has just come, a partition that has just been taken over
 */
public record GroupProgress(
    PartitionId id,
    Optional<String> memberId,
    OptionalLong committed,
    LagAnswer lag,
    OptionalLong stillMillis,
    boolean stuck) {
  /** As long as a member may take between two polls, by default. */
  public static final long STUCK_MILLIS = 300_000;

  /** In records; empty: it is not known, or nothing was committed. */
  public OptionalLong records() {
    return committed.isPresent() && lag instanceof LagAnswer.Known known
        ? OptionalLong.of(Math.max(0, known.end() - Math.max(known.start(), committed.getAsLong())))
        : OptionalLong.empty();
  }

  /** Since when there is something to read; empty as of {@link #records}. */
  public OptionalLong waitingMillis() {
    return lag instanceof LagAnswer.Known known ? known.waitingMillis() : OptionalLong.empty();
  }

  /** What has to be asked to know the progress of a group. */
  static List<ReaderAt> readers(GroupReading group) {
    TreeSet<PartitionId> all = new TreeSet<>(ORDER);
    all.addAll(group.holdings().keySet());
    all.addAll(group.offsets().keySet());
    List<ReaderAt> readers = new ArrayList<>();
    for (PartitionId id : all) {
      CommittedOffset offset = group.offsets().get(id);
      readers.add(
          new ReaderAt(
              id, offset == null ? OptionalLong.empty() : OptionalLong.of(offset.offset())));
    }
    return readers;
  }

  private static final Comparator<PartitionId> ORDER =
      Comparator.comparing(PartitionId::topicId).thenComparing(PartitionId::partition);

  /**
   * In order.
   *
   * @param lags of all {@link #readers}
   * @param nowMillis by the clock that commits are stamped by
   */
  static List<GroupProgress> of(GroupReading group, Map<ReaderAt, LagAnswer> lags, long nowMillis) {
    List<GroupProgress> all = new ArrayList<>();
    for (ReaderAt reader : readers(group)) {
      LagAnswer lag = lags.get(reader);
      if (lag == null) {
        continue; // the group has got it since
      }
      GroupReading.Holding holding = group.holdings().get(reader.id());
      CommittedOffset offset = group.offsets().get(reader.id());
      OptionalLong still =
          offset == null
              ? OptionalLong.empty()
              : OptionalLong.of(Math.max(0, nowMillis - offset.movedMillis()));
      long waiting = lag instanceof LagAnswer.Known known ? known.waitingMillis().orElse(0) : 0;
      boolean stuck =
          holding != null
              && holding.heldMillis() >= STUCK_MILLIS
              && still.orElse(0) >= STUCK_MILLIS
              && waiting >= STUCK_MILLIS;
      all.add(
          new GroupProgress(
              reader.id(),
              Optional.ofNullable(holding).map(GroupReading.Holding::memberId),
              reader.offset(),
              lag,
              still,
              stuck));
    }
    return all;
  }
}
