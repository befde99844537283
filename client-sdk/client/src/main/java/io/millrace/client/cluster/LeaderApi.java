package io.millrace.client.cluster;

import io.millrace.client.TopicPartition;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How to ask partitions' leaders one kind of question: what differs from api to api. */
interface LeaderApi<A> {
  /** A request about these, in their order. */
  Request.Builder request(List<Asked> partitions);

  /** The results of an answer without an error of its own, in their order. */
  List<Result<A>> results(Response response);

  /**
   * Whether it changes something: then it is never taken to another topic of the same name, and
   * what may have been done ends as unknown.
   */
  boolean changes();

  /** Whom to ask is looked up again after so long without an answer. */
  default long patienceNanos() {
    return Long.MAX_VALUE;
  }

  /** A partition, as the request names it. */
  record Asked(TopicPartition partition, String topicId, int leaderEpoch) {}

  /**
   * What a leader says of one partition; not believed before it was checked.
   *
   * @param offset the offset in it, which no answer may have below 0
   */
  record Result<A>(
      String topicId,
      int partition,
      @Nullable Error error,
      int leaderEpoch,
      long offset,
      A answer) {}
}
