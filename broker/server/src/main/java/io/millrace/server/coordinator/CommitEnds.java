package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.partition.PartitionId;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether there is what a group says that it has read (B54). Where a partition ends only its leader
 * knows; what that has said once is enough for all that is below it, as long as it leads: ends do
 * not go back within an epoch. So whoever catches up costs a question now and then, and whoever
 * reads at the end one for each commit. Any thread.
 *
 * <p>Nobody is refused because a leader does not answer, or because this broker has not heard of
 * the leader that the committer has read from: a group has to get on while brokers come and go.
 */
public final class CommitEnds {
  /** What is remembered; all of it is forgotten when it is more. */
  private static final int MOST = 100_000;

  private final Supplier<Catalog> catalog;
  private final LeaderLags lags;
  private final Map<PartitionId, Known> known = new ConcurrentHashMap<>();

  /**
   * What a commit says.
   *
   * @param offset the next to be read
   * @param leaderEpoch of the last record read; -1: not said
   */
  public record Claim(PartitionId id, long offset, int leaderEpoch) {
    private ReaderAt asReader() {
      return new ReaderAt(id, OptionalLong.empty());
    }
  }

  /** Who waits for an answer. */
  public enum Patience {
    /** A member, which has more to do. */
    MEMBER(MILLISECONDS.toNanos(300)),
    /** A person, who would rather wait than be wrong. */
    PERSON(SECONDS.toNanos(1));

    private final long nanos;

    Patience(long nanos) {
      this.nanos = nanos;
    }
  }

  private record Known(int leaderEpoch, long end) {}

  /**
   * @param catalog the newest
   */
  public CommitEnds(Supplier<Catalog> catalog, LeaderLags lags) {
    this.catalog = catalog;
    this.lags = lags;
  }

  /** Whether nobody has to be asked: all of it is known to be there. */
  public boolean areKnown(List<Claim> claims) {
    Catalog now = catalog.get();
    for (Claim claim : claims) {
      Known end = known.get(claim.id());
      if (end == null
          || claim.offset() > end.end()
          || end.leaderEpoch() < epoch(now, claim.id()).orElse(Integer.MAX_VALUE)) {
        return false;
      }
    }
    return true;
  }

  private static OptionalInt epoch(Catalog now, PartitionId id) {
    TopicImage topic = now.topic(id.topicId()).orElse(null);
    @Nullable PartitionImage partition =
        topic == null || id.partition() < 0 || id.partition() >= topic.partitions().size()
            ? null
            : topic.partitions().get(id.partition());
    return partition == null ? OptionalInt.empty() : OptionalInt.of(partition.leaderEpoch());
  }

  /**
   * @param then on any loop: for each claim the end that it is beyond; empty where it is not, or
   *     nobody can say
   */
  public void check(List<Claim> claims, Patience patience, Consumer<List<OptionalLong>> then) {
    Set<ReaderAt> readers = new LinkedHashSet<>();
    claims.forEach(claim -> readers.add(claim.asReader()));
    lags.ask(
        readers,
        patience.nanos,
        answers -> {
          answers.forEach(this::learn);
          then.accept(
              claims.stream().map(claim -> beyond(claim, answers.get(claim.asReader()))).toList());
        });
  }

  private void learn(ReaderAt reader, LagAnswer answer) {
    if (answer instanceof LagAnswer.Known said) {
      if (known.size() >= MOST) {
        known.clear();
      }
      known.merge(
          reader.id(),
          new Known(said.leaderEpoch(), said.end()),
          (before, now) -> newer(before, now));
    }
  }

  private static Known newer(Known before, Known now) {
    if (before.leaderEpoch() != now.leaderEpoch()) {
      return before.leaderEpoch() > now.leaderEpoch() ? before : now;
    }
    return before.end() > now.end() ? before : now;
  }

  private static OptionalLong beyond(Claim claim, @Nullable LagAnswer answer) {
    return answer instanceof LagAnswer.Known said
            && claim.offset() > said.end()
            && claim.leaderEpoch() <= said.leaderEpoch()
        ? OptionalLong.of(said.end())
        : OptionalLong.empty();
  }
}
