package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second step of a doubtful start: out of every in-sync and eligible set, with what is left
 * recorded for the roll call. Safe for any thread.
 *
 * <p>If we crash here: some sets are left and some not. The boot id has not been recorded yet, so
 * the next start is in doubt again, and leaves the rest.
 */
public final class LeavingInDoubt {
  private static final Logger log = LoggerFactory.getLogger(LeavingInDoubt.class);

  /** What is left of each replica on this broker. Called on the store's loop. */
  public interface Positions {
    /** {@link LogPosition#NOTHING} where there is no log. */
    LogPosition of(String topicId, int partition);
  }

  private record Place(String topicId, int partition) {}

  private final ClusterStore store;

  public LeavingInDoubt(ClusterStore store) {
    this.store = store;
  }

  /**
   * @param image read after the last sync
   * @return completes on the store's loop, true when every one of them is confirmed
   */
  public CompletionStage<Boolean> leaveAll(
      ClusterImage image, int self, Positions positions, Loss loss) {
    List<Place> places = new ArrayList<>();
    for (TopicImage topic : image.topics().values()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition != null
            && (partition.inSync().contains(self) || partition.eligible().contains(self))) {
          places.add(new Place(topic.id(), partition.partition()));
        }
      }
    }
    return OnLoop.call(
        store.loop(), () -> Pipelined.all(places, place -> leave(place, self, positions, loss)));
  }

  /**
   * Of one replica whose log turned out to be damaged. Only by its leader, or in a life of this
   * broker in which the replica has fetched nothing: else the leader could take it back by what it
   * had before.
   *
   * @return completes on the store's loop, true when it is confirmed
   */
  public CompletionStage<Boolean> leaveDamaged(String topicId, int partition, int self) {
    Place place = new Place(topicId, partition);
    return OnLoop.call(
        store.loop(), () -> leave(place, self, (id, number) -> LogPosition.NOTHING, Loss.LOG));
  }

  private CompletionStage<Boolean> leave(Place place, int self, Positions positions, Loss loss) {
    LogPosition position = positions.of(place.topicId, place.partition);
    return PartitionWrite.run(
            store,
            place.topicId,
            place.partition,
            (current, version) -> DoubtfulLeave.plan(current, self, position, loss))
        .thenApply(
            result -> {
              log.debug("left {}-{}: {}", place.topicId, place.partition, result);
              return !(result instanceof PartitionWrite.Result.Failed)
                  && !(result instanceof PartitionWrite.Result.Unknown);
            });
  }
}
