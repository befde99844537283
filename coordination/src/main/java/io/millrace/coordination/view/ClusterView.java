package io.millrace.coordination.view;

import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A cluster image that follows the cluster. Safe for any thread. */
public interface ClusterView extends AutoCloseable, KnownPartitions {
  /** The newest image; {@link ClusterImage#EMPTY} before the first read has ended. */
  ClusterImage image();

  /**
   * Adds topics to those followed. A view of all topics follows them already. What is followed and
   * has not changed is not read again, but for a topic's own node.
   *
   * @return completes on the store's event loop with an image in which each of them has been looked
   *     for at the store, after this call and past any lag of its servers: a topic that is missing
   *     there does not exist. Waits as long as there is no contact: the caller bounds that. Ends
   *     with an IllegalStateException when the view is closed
   */
  CompletionStage<ClusterImage> follow(Iterable<String> topics);

  /** Reads again everything that is followed; otherwise as {@link #follow}. */
  CompletionStage<ClusterImage> refresh();

  /**
   * Somebody has heard that a partition has changed: its node is read again as soon as may be, as
   * if its watch had told. Only a hint, which a view without contact, or without that topic, passes
   * over.
   */
  default void lookAt(String topicId, int partition) {}

  /**
   * Somebody has heard of a life of a broker that the image does not know of: its node is read
   * again once the server that is asked has caught up with the others, twice a second at most. Only
   * a hint, as above.
   */
  default void lookAtBroker(int id) {}

  @Override
  default KnownPartitions.@Nullable Known find(String topicId, int partition) {
    return null;
  }

  /** Hears every newer image, on the store's event loop, beginning with the present one. */
  AutoCloseable onChange(Consumer<ClusterImage> listener);

  /** True while the store answers; images are old, but usable, while it does not. */
  boolean isConnected();

  /**
   * The store's nodes that are refused as they stand, because their names or contents make no
   * sense, by path, each with the reason as a clause. What they held before goes on. At most 10,000
   * are named.
   */
  Map<String, String> refusedNodes();

  @Override
  void close();
}
