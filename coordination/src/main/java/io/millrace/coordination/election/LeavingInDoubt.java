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

  /** The replicas on this broker. Called on the store's loop. */
  public interface Copies {
    Remains of(String topicId, int partition);

    /** Its node is not in the store: there is nothing to leave, and may be again. */
    void notThere(String topicId, int partition);
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
  public CompletionStage<Boolean> leaveAll(ClusterImage image, int self, Copies copies) {
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
        store.loop(),
        () ->
            Pipelined.all(
                places,
                place ->
                    leave(place, self, copies.of(place.topicId, place.partition))
                        .thenApply(
                            left -> {
                              if (left == Left.NOT_THERE) {
                                copies.notThere(place.topicId, place.partition);
                              }
                              return left != Left.UNKNOWN;
                            })));
  }

  /**
   * Of one replica whose log turned out to be damaged. Only by its leader, or in a life of this
   * broker in which the replica has fetched nothing: else the leader could take it back by what it
   * had before.
   *
   * @return completes on the store's loop, true when it is confirmed
   */
  public CompletionStage<Boolean> leaveDamaged(String topicId, int partition, int self) {
    Remains nothing = new Remains(LogPosition.NOTHING, Loss.LOG);
    return OnLoop.call(
        store.loop(),
        () ->
            leave(new Place(topicId, partition), self, nothing)
                .thenApply(left -> left != Left.UNKNOWN));
  }

  /**
   * Of one replica whose doubt has outlasted the start that it came from, since its node was not
   * there then. Only in a life of this broker in which the replica has neither led nor fetched.
   *
   * @return completes on the store's loop, true when it is confirmed that this broker is in none of
   *     the sets
   */
  public CompletionStage<Boolean> leaveLate(
      String topicId, int partition, int self, Remains remains) {
    return OnLoop.call(
        store.loop(),
        () ->
            leave(new Place(topicId, partition), self, remains)
                .thenApply(left -> left == Left.CONFIRMED));
  }

  private enum Left {
    CONFIRMED,
    NOT_THERE,
    UNKNOWN
  }

  private CompletionStage<Left> leave(Place place, int self, Remains remains) {
    return PartitionWrite.run(
            store,
            place.topicId,
            place.partition,
            (current, version) ->
                DoubtfulLeave.plan(current, self, remains.position(), remains.loss()))
        .thenApply(
            result -> {
              log.debug("left {}-{}: {}", place.topicId, place.partition, result);
              if (result instanceof PartitionWrite.Result.Gone) {
                return Left.NOT_THERE;
              }
              boolean isOpen =
                  result instanceof PartitionWrite.Result.Failed
                      || result instanceof PartitionWrite.Result.Unknown;
              return isOpen ? Left.UNKNOWN : Left.CONFIRMED;
            });
  }
}
