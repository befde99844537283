package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.GroupReading;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.GroupSummary;
import io.millrace.wire.v1.ListGroupsRequest;
import io.millrace.wire.v1.ListGroupsResponse;
import io.millrace.wire.v1.ListGroupsResult;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Response;
import java.util.List;

/** Lists the groups that partitions of the groups' topic keep, each asked of its own owner. */
final class ListGroupsHandler {
  private final Coordinators coordinators;
  private final RequestSettings settings;

  ListGroupsHandler(Coordinators coordinators, RequestSettings settings) {
    this.coordinators = coordinators;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    ListGroupsRequest list = request.head().getListGroups();
    int count = list.getPartitionsCount();
    if (count == 0) {
      request.refuse(ErrorCode.INVALID_REQUEST, "no partition is named");
      return;
    }
    if (count > settings.maxPartitions()) {
      GroupReply.refuse(request, PartitionCount.tooMany(count, settings.maxPartitions()));
      return;
    }
    Gather<ListGroupsResult> results =
        new Gather<>(
            count,
            all ->
                request.answer(
                    Response.newBuilder()
                        .setListGroups(ListGroupsResponse.newBuilder().addAllResults(all)),
                    List.of()));
    for (int i = 0; i < count; i++) {
      ask(list.getPartitions(i), i, results);
    }
  }

  private void ask(ReplicaPartition wanted, int index, Gather<ListGroupsResult> results) {
    ListGroupsResult.Builder result =
        ListGroupsResult.newBuilder()
            .setTopicId(wanted.getTopicId())
            .setPartition(wanted.getPartition());
    if (!GroupsTopic.isId(wanted.getTopicId())) {
      Refusal refusal =
          new Refusal(
              ErrorCode.INVALID_REQUEST, "groups are kept in topic " + GroupsTopic.NAME + " only");
      results.fill(index, result.setError(refusal.toError()).build());
      return;
    }
    coordinators.list(
        new PartitionId(wanted.getTopicId(), wanted.getPartition()),
        new Coordinators.Reply<>() {
          @Override
          public void answer(int leaderEpoch, List<GroupReading.Summary> groups) {
            results.fill(
                index,
                result
                    .setLeaderEpoch(leaderEpoch)
                    .addAllGroups(groups.stream().map(ListGroupsHandler::summary).toList())
                    .build());
          }

          @Override
          public void refuse(Refusal why) {
            results.fill(index, result.setError(why.toError()).build());
          }
        });
  }

  private static GroupSummary summary(GroupReading.Summary group) {
    return GroupSummary.newBuilder()
        .setGroupId(group.groupId())
        .setState(DescribeGroupHandler.state(group.state()))
        .setMembers(group.members())
        .build();
  }
}
