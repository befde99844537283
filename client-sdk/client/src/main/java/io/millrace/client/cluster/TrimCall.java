package io.millrace.client.cluster;

import io.millrace.client.TopicPartition;
import io.millrace.client.TrimResult;
import io.millrace.client.TrimSpec;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TrimPartition;
import io.millrace.wire.v1.TrimRequest;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks the leaders of some partitions to forget records. Asking twice does no harm, as a start
 * never moves back: what was lost on the way is asked again. On the client's loop.
 */
public final class TrimCall implements LeaderCall.Listener<TrimResult.Trimmed> {
  private final Map<TopicPartition, TrimResult> results = new HashMap<>();
  private final List<TopicPartition> order;
  private final Done<Map<TopicPartition, TrimResult>> done;

  private TrimCall(List<TopicPartition> order, Done<Map<TopicPartition, TrimResult>> done) {
    this.order = order;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param done hears of every partition, in the order asked for
   * @return what ends it before its time
   */
  public static Runnable start(
      Cluster cluster,
      Map<TopicPartition, TrimSpec> partitions,
      long timeoutNanos,
      Done<Map<TopicPartition, TrimResult>> done) {
    TrimCall trim = new TrimCall(List.copyOf(partitions.keySet()), done);
    LeaderCall<TrimResult.Trimmed> call =
        LeaderCall.start(cluster, new Trim(Map.copyOf(partitions)), trim.order, timeoutNanos, trim);
    return call::close;
  }

  @Override
  public void answered(TopicPartition partition, TrimResult.Trimmed trimmed) {
    results.put(partition, trimmed);
  }

  @Override
  public void failed(TopicPartition partition, MillraceException e) {
    results.put(partition, new TrimResult.Failed(e));
  }

  @Override
  public void finished() {
    Map<TopicPartition, TrimResult> ordered = new LinkedHashMap<>();
    for (TopicPartition partition : order) {
      TrimResult result = results.get(partition);
      if (result != null) {
        ordered.put(partition, result);
      }
    }
    done.done(ordered, null);
  }

  private record Trim(Map<TopicPartition, TrimSpec> specs)
      implements LeaderApi<TrimResult.Trimmed> {
    @Override
    public Request.Builder request(List<Asked> partitions) {
      TrimRequest.Builder request = TrimRequest.newBuilder();
      for (Asked each : partitions) {
        TrimPartition.Builder partition =
            TrimPartition.newBuilder()
                .setTopicId(each.topicId())
                .setPartition(each.partition().partition())
                .setLeaderEpoch(each.leaderEpoch());
        if (specs.get(each.partition()) instanceof TrimSpec.Before before) {
          partition.setBeforeOffset(before.offset());
        }
        request.addPartitions(partition);
      }
      return Request.newBuilder().setTrim(request);
    }

    @Override
    public List<Result<TrimResult.Trimmed>> results(Response response) {
      return response.getTrim().getResultsList().stream()
          .map(
              each ->
                  new Result<>(
                      each.getTopicId(),
                      each.getPartition(),
                      each.hasError() ? each.getError() : null,
                      each.getLeaderEpoch(),
                      each.getStartOffset(),
                      new TrimResult.Trimmed(each.getStartOffset(), each.getLeaderEpoch())))
          .toList();
    }

    @Override
    public boolean changes() {
      return true;
    }
  }
}
