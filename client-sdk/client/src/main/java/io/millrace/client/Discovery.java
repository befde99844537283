package io.millrace.client;

import java.util.Collection;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Finds brokers, topics and leaders: a plug point. Safe for any thread; no method blocks but {@link
 * #close}.
 *
 * <p>What it says may be old; the client never goes back to a lower leader epoch than it has seen,
 * and only the broker that answers knows whether it leads.
 */
public interface Discovery extends AutoCloseable {
  /** The newest that is known. */
  ClusterMap current();

  /**
   * Looks the brokers and these topics up now, and follows the topics from now on.
   *
   * @return a map made from what was read after this call: a topic that is missing in it does not
   *     exist. May take until the store answers; completes on any thread. Whoever waits for it sets
   *     the limit
   */
  CompletionStage<ClusterMap> lookup(Collection<String> topics);

  /** Hears every newer map, on any one thread at a time, beginning with the present one. */
  AutoCloseable onChange(Consumer<ClusterMap> listener);

  /** False while what it knows cannot be brought up to date. */
  boolean isConnected();

  /** Why it cannot be brought up to date, for people; empty when it can, or nobody knows. */
  default String trouble() {
    return "";
  }

  /** Whether that is because brokers have as many connections as they take. */
  default boolean isOverLimit() {
    return false;
  }

  /**
   * A broker could not be reached: what is known may be old. A hint, that comes often while a
   * broker is down; one that is told of changes by itself has no use for it.
   */
  default void doubt() {}

  @Override
  void close();

  /** Opens a discovery for one client, which closes it. */
  @FunctionalInterface
  interface Factory {
    /** Must not wait for the cluster to answer. */
    Discovery open(ClientSettings settings);
  }
}
