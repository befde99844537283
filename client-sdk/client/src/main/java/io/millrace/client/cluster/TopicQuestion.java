package io.millrace.client.cluster;

import io.millrace.client.ClusterMap;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.Error;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A lookup that waits for brokers' answers. Belongs to the client's loop.
 *
 * <p>That a topic does not exist is believed when two brokers say so, or one says so twice, nobody
 * else having answered: a broker that has lost ZooKeeper may not have heard of it yet.
 */
final class TopicQuestion {
  private final Set<String> topics;
  private final CompletableFuture<ClusterMap> future = new CompletableFuture<>();
  private final Set<Integer> deniedBy = new HashSet<>();
  private boolean underWay;

  TopicQuestion(Collection<String> topics) {
    this.topics = Set.copyOf(topics);
  }

  Set<String> topics() {
    return topics;
  }

  CompletableFuture<ClusterMap> future() {
    return future;
  }

  /** It goes with the request that is sent now: only its answer is new enough. */
  void takeAlong() {
    underWay = true;
  }

  boolean isUnderWay() {
    return underWay;
  }

  /** The request it went with has ended. */
  void back() {
    underWay = false;
  }

  /** Null unless the answer says that it will never be answered. */
  @Nullable MillraceException refusal(MetadataAnswer answer) {
    for (String topic : topics) {
      Error error = answer.untold().get(topic);
      if (error != null && BrokerErrors.verdict(error) == BrokerErrors.Verdict.NEVER) {
        return BrokerErrors.exception(error, topic, -1);
      }
    }
    return null;
  }

  /**
   * Whether that answers it.
   *
   * @param brokers how many are alive
   */
  boolean isAnsweredBy(MetadataAnswer answer, int brokers) {
    if (topics.stream().anyMatch(answer.untold()::containsKey)) {
      return false;
    }
    if (topics.stream().noneMatch(answer.missing()::contains)) {
      return true;
    }
    boolean again = !deniedBy.add(answer.brokerId());
    return again || deniedBy.size() > 1 || brokers <= 1;
  }
}
