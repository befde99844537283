package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DeleteGroupResponse;
import io.millrace.wire.v1.Response;
import java.util.Optional;

/** Has a group without members forgotten. */
final class DeleteGroupHandler {
  private final Coordinators coordinators;

  DeleteGroupHandler(Coordinators coordinators) {
    this.coordinators = coordinators;
  }

  void handle(InboundRequest request) {
    String groupId = request.head().getDeleteGroup().getGroupId();
    Optional<Refusal> refusal = GroupShape.checkGroup(groupId);
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    coordinators.delete(
        groupId,
        new GroupReply<>(
            request,
            (epoch, forgotten) ->
                Response.newBuilder()
                    .setDeleteGroup(DeleteGroupResponse.newBuilder().setLeaderEpoch(epoch))));
  }
}
