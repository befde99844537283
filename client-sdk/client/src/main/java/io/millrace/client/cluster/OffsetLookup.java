package io.millrace.client.cluster;

import io.millrace.client.ListedOffset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.Earliest;
import io.millrace.wire.v1.Latest;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import io.millrace.wire.v1.ListOffsetsResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Asks the leaders of some partitions for offsets until each has answered, or one cannot. On the
 * client's loop.
 */
public final class OffsetLookup implements LeaderCall.Listener<ListedOffset> {
  private final Map<TopicPartition, ListedOffset> found = new HashMap<>();
  private final List<TopicPartition> order;
  private final Done<Map<TopicPartition, ListedOffset>> done;
  private @Nullable LeaderCall<ListedOffset> call;
  private boolean ended;

  private OffsetLookup(List<TopicPartition> order, Done<Map<TopicPartition, ListedOffset>> done) {
    this.order = order;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param done hears the answers in the order asked for, or why one of them cannot be had
   */
  public static OffsetLookup start(
      Cluster cluster,
      Map<TopicPartition, OffsetSpec> partitions,
      long timeoutNanos,
      Done<Map<TopicPartition, ListedOffset>> done) {
    OffsetLookup lookup = new OffsetLookup(List.copyOf(partitions.keySet()), done);
    LeaderCall<ListedOffset> call =
        LeaderCall.start(
            cluster, new ListOffsets(Map.copyOf(partitions)), lookup.order, timeoutNanos, lookup);
    if (lookup.ended) {
      call.abandon();
    } else {
      lookup.call = call;
    }
    return lookup;
  }

  @Override
  public void answered(TopicPartition partition, ListedOffset offset) {
    found.put(partition, offset);
  }

  @Override
  public void failed(TopicPartition partition, MillraceException e) {
    if (!ended) {
      ended = true;
      if (call != null) {
        call.abandon();
      }
      done.done(null, e);
    }
  }

  @Override
  public void finished() {
    if (ended) {
      return;
    }
    ended = true;
    Map<TopicPartition, ListedOffset> ordered = new LinkedHashMap<>();
    for (TopicPartition partition : order) {
      ListedOffset offset = found.get(partition);
      if (offset != null) {
        ordered.put(partition, offset);
      }
    }
    done.done(ordered, null);
  }

  /** Ends it. */
  public void close() {
    if (call != null) {
      call.close();
    }
  }

  private record ListOffsets(Map<TopicPartition, OffsetSpec> specs)
      implements LeaderApi<ListedOffset> {
    @Override
    public Request.Builder request(List<Asked> partitions) {
      ListOffsetsRequest.Builder request = ListOffsetsRequest.newBuilder();
      partitions.forEach(each -> request.addPartitions(question(each)));
      return Request.newBuilder().setListOffsets(request);
    }

    private ListOffsetsPartition.Builder question(Asked asked) {
      ListOffsetsPartition.Builder question =
          ListOffsetsPartition.newBuilder()
              .setTopicId(asked.topicId())
              .setPartition(asked.partition().partition())
              .setLeaderEpoch(asked.leaderEpoch());
      OffsetSpec spec = specs.get(asked.partition());
      if (spec instanceof OffsetSpec.Earliest) {
        question.setEarliest(Earliest.getDefaultInstance());
      } else if (spec instanceof OffsetSpec.ForTimestamp time) {
        question.setTimestampMs(time.timestamp());
      } else {
        question.setLatest(Latest.getDefaultInstance());
      }
      return question;
    }

    @Override
    public List<Result<ListedOffset>> results(Response response) {
      return response.getListOffsets().getResultsList().stream().map(ListOffsets::result).toList();
    }

    private static Result<ListedOffset> result(ListOffsetsResult each) {
      return new Result<>(
          each.getTopicId(),
          each.getPartition(),
          each.hasError() ? each.getError() : null,
          each.getLeaderEpoch(),
          each.getOffset(),
          new ListedOffset(
              each.hasOffset() ? OptionalLong.of(each.getOffset()) : OptionalLong.empty(),
              each.hasTimestampMs() ? OptionalLong.of(each.getTimestampMs()) : OptionalLong.empty(),
              each.getLeaderEpoch()));
    }

    @Override
    public boolean changes() {
      return false;
    }
  }
}
