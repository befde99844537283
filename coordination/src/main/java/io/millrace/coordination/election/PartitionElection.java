package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.KnownPartitions;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.Readings;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Performs {@link ElectionPlan} for one partition: reads its node, decides, and takes it by one
 * version-checked write if that is the decision. Safe for any thread.
 *
 * <p>If we crash here: the write has happened or has not. If it has, the next life of this broker
 * finds its id with an old incarnation, and elects again.
 *
 * <p>The caller stops fetching for the partition before, and neither fetches nor leads until the
 * outcome is there.
 */
public final class PartitionElection {
  private static final Logger log = LoggerFactory.getLogger(PartitionElection.class);

  /** What came of it. */
  public sealed interface Outcome {
    /**
     * This broker leads, in this life, in this epoch.
     *
     * @param cause of this very election; empty when it led already
     */
    record Leads(PartitionImage partition, Optional<ElectionCause> cause) implements Outcome {}

    /** It does not, and there is nothing to do until the partition or its brokers change. */
    record Follows(PartitionImage partition) implements Outcome {}

    /** Ask again then, unless something changed before. */
    record Waits(long millis, PartitionImage partition) implements Outcome {}

    /** All replicas are to be asked what they have: {@link UncleanElection.Cause#ROLL_CALL}. */
    record AsksAll(String why, PartitionImage partition) implements Outcome {}

    /** Nobody can lead it now; the text says for whom it waits. */
    record Unavailable(String why, PartitionImage partition) implements Outcome {}

    /** The partition is not there any more. */
    record Gone() implements Outcome {}

    /** Certainly nothing was written; ask again when there is contact. */
    record NotTried(String why) implements Outcome {}

    /**
     * The session ended while it was being written. It may have landed, but for an incarnation that
     * is over: the next life asks again.
     */
    record Unknown(String why) implements Outcome {}
  }

  /** What a candidate does before it writes. */
  @FunctionalInterface
  public interface Preparation {
    /**
     * From when this completes until the outcome is there the replica fetches nothing: another
     * leader must not count on what it would have to have on disk (H14).
     *
     * @param mustFlush the write leaves it as the only member of the in-sync set: all that it holds
     *     has to be durable
     * @return false gives up
     */
    CompletionStage<Boolean> prepare(boolean mustFlush);

    /** How far what was flushed for the last preparation reaches; empty where nobody tells. */
    default Optional<LogPosition> flushedUpTo() {
      return Optional.empty();
    }
  }

  private final ClusterStore store;
  private final KnownPartitions known;

  public PartitionElection(ClusterStore store) {
    this(store, KnownPartitions.NONE);
  }

  /**
   * @param known saves the reading before the write
   */
  public PartitionElection(ClusterStore store, KnownPartitions known) {
    this.store = store;
    this.known = known;
  }

  /**
   * @param scene asked for at every decision, on the store's loop
   * @param preparation asked for before each write
   * @return completes on the store's loop
   */
  public CompletionStage<Outcome> elect(
      String topicId, int partition, Supplier<ElectionScene> scene, Preparation preparation) {
    return OnLoop.call(
        store.loop(),
        () -> {
          Candidacy candidacy = new Candidacy(scene, preparation);
          return PartitionWrite.run(
                  store, topicId, partition, candidacy, known.find(topicId, partition))
              .thenApply(result -> outcome(topicId, partition, candidacy, result));
        });
  }

  private static Outcome outcome(
      String topicId, int partition, Candidacy candidacy, PartitionWrite.Result result) {
    if (result instanceof PartitionWrite.Result.Written written) {
      PartitionNode node = written.node();
      // Thousands of them after a restart; the node keeps the reason for people.
      log.debug(
          "leads {}-{} in epoch {}: {}",
          topicId,
          partition,
          node.getLeaderEpoch(),
          node.getLastChange().getWhy());
      return new Outcome.Leads(
          Readings.partition(partition, node, written.version()), candidacy.cause());
    }
    if (result instanceof PartitionWrite.Result.Left left) {
      return candidacy.outcome(Readings.partition(partition, left.node(), left.version()));
    }
    if (result instanceof PartitionWrite.Result.Gone) {
      return new Outcome.Gone();
    }
    if (result instanceof PartitionWrite.Result.Unknown unknown) {
      return new Outcome.Unknown(unknown.why());
    }
    return new Outcome.NotTried(
        result instanceof PartitionWrite.Result.Failed failed ? failed.why() : result.toString());
  }

  private static final class Candidacy implements PartitionWrite.Change {
    private final Supplier<ElectionScene> scene;
    private final Preparation preparation;
    private ElectionPlan plan = new ElectionPlan.Stay();
    private @Nullable ElectionScene decidedIn;

    Candidacy(Supplier<ElectionScene> scene, Preparation preparation) {
      this.scene = scene;
      this.preparation = preparation;
    }

    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      decidedIn = scene.get();
      plan = ElectionPlan.decide(current, decidedIn);
      return plan instanceof ElectionPlan.Take take ? take.next() : null;
    }

    @Override
    public CompletionStage<Boolean> before(PartitionNode next) {
      return plan instanceof ElectionPlan.Take take
          ? preparation.prepare(take.mustFlushFirst())
          : CompletableFuture.completedFuture(true);
    }

    @Override
    public PartitionNode prepared(PartitionNode next) {
      if (!(plan instanceof ElectionPlan.Take take && take.mustFlushFirst())) {
        return next;
      }
      PartitionNode.Builder vouched = next.toBuilder();
      Vouching.vouch(vouched, preparation.flushedUpTo());
      return vouched.build();
    }

    Optional<ElectionCause> cause() {
      return plan instanceof ElectionPlan.Take take ? Optional.of(take.cause()) : Optional.empty();
    }

    Outcome outcome(PartitionImage image) {
      if (plan instanceof ElectionPlan.Wait wait) {
        return new Outcome.Waits(wait.millis(), image);
      }
      if (plan instanceof ElectionPlan.AskAll ask) {
        return new Outcome.AsksAll(ask.why(), image);
      }
      if (plan instanceof ElectionPlan.Unavailable unavailable) {
        return new Outcome.Unavailable(unavailable.why(), image);
      }
      ElectionScene last = decidedIn;
      boolean isLeader =
          last != null
              && image.leader().isPresent()
              && image.leader().getAsInt() == last.self()
              && image.leaderIncarnation() == last.incarnation();
      return isLeader ? new Outcome.Leads(image, Optional.empty()) : new Outcome.Follows(image);
    }
  }
}
