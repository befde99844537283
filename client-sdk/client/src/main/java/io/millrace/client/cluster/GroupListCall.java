package io.millrace.client.cluster;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.wire.v1.GroupSummary;
import io.millrace.wire.v1.ListGroupsRequest;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks every partition of the groups' topic for the groups that it keeps. On the client's loop. */
public final class GroupListCall implements LeaderCall.Listener<List<GroupSummary>> {
  private final Done<List<GroupSummary>> done;
  private final List<GroupSummary> found = new ArrayList<>();
  private @Nullable LeaderCall<List<GroupSummary>> call;
  private boolean ended;

  private GroupListCall(Done<List<GroupSummary>> done) {
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param done hears all groups, in no order; none where no group has ever been
   * @return what ends it before its time
   */
  public static Runnable start(Cluster cluster, long timeoutNanos, Done<List<GroupSummary>> done) {
    GroupListCall list = new GroupListCall(done);
    cluster.lookup(
        GroupCall.TOPIC,
        (topic, e) -> {
          if (topic != null) {
            list.ask(cluster, topic, timeoutNanos);
          } else if (e instanceof UnknownTopicException) {
            list.end(List.of(), null);
          } else {
            list.end(null, e);
          }
        });
    return list::close;
  }

  private void ask(Cluster cluster, KnownTopic topic, long timeoutNanos) {
    if (ended) {
      return;
    }
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < topic.partitionCount(); i++) {
      partitions.add(new TopicPartition(GroupCall.TOPIC, i));
    }
    LeaderCall<List<GroupSummary>> started =
        LeaderCall.start(cluster, new ListGroups(), partitions, timeoutNanos, this);
    if (ended) {
      started.abandon();
    } else {
      call = started;
    }
  }

  @Override
  public void answered(TopicPartition partition, List<GroupSummary> groups) {
    found.addAll(groups);
  }

  @Override
  public void failed(TopicPartition partition, MillraceException e) {
    if (call != null) {
      call.abandon();
    }
    end(null, e);
  }

  @Override
  public void finished() {
    end(found, null);
  }

  private void end(@Nullable List<GroupSummary> groups, @Nullable MillraceException e) {
    if (!ended) {
      ended = true;
      done.done(groups, e);
    }
  }

  private void close() {
    if (call != null) {
      call.close();
    }
  }

  private static final class ListGroups implements LeaderApi<List<GroupSummary>> {
    @Override
    public Request.Builder request(List<Asked> partitions) {
      ListGroupsRequest.Builder list = ListGroupsRequest.newBuilder();
      for (Asked each : partitions) {
        list.addPartitions(
            ReplicaPartition.newBuilder()
                .setTopicId(each.topicId())
                .setPartition(each.partition().partition())
                .setLeaderEpoch(each.leaderEpoch()));
      }
      return Request.newBuilder().setListGroups(list);
    }

    @Override
    public List<Result<List<GroupSummary>>> results(Response response) {
      return response.getListGroups().getResultsList().stream()
          .map(
              each ->
                  new Result<>(
                      each.getTopicId(),
                      each.getPartition(),
                      each.hasError() ? each.getError() : null,
                      each.getLeaderEpoch(),
                      0,
                      each.getGroupsList()))
          .toList();
    }

    @Override
    public boolean changes() {
      return false;
    }
  }
}
