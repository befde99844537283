package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.GroupsTopicStart;
import java.util.function.Supplier;

/** The handlers of the apis of groups. Any loop. */
final class GroupHandlers {
  private final LocateGroupHandler locate;
  private final GroupHeartbeatHandler heartbeat;
  private final CommitOffsetsHandler commit;
  private final FetchOffsetsHandler fetch;
  private final ListGroupsHandler list;
  private final DescribeGroupHandler describe;
  private final DeleteGroupHandler delete;

  GroupHandlers(
      Coordinators coordinators,
      Supplier<Catalog> catalog,
      TopicAccess topics,
      BrokerSettings settings) {
    locate =
        new LocateGroupHandler(
            coordinators, catalog, topics, new GroupsTopicStart(settings.groupReplicas()));
    heartbeat = new GroupHeartbeatHandler(coordinators, catalog);
    commit = new CommitOffsetsHandler(coordinators, catalog, settings.requests());
    fetch = new FetchOffsetsHandler(coordinators, catalog);
    list = new ListGroupsHandler(coordinators, settings.requests());
    describe = new DescribeGroupHandler(coordinators, catalog);
    delete = new DeleteGroupHandler(coordinators);
  }

  /** Of a request whose api is one of these. */
  void handle(InboundRequest request) {
    switch (request.head().getApiCase()) {
      case LOCATE_GROUP -> locate.handle(request);
      case GROUP_HEARTBEAT -> heartbeat.handle(request);
      case COMMIT_OFFSETS -> commit.handle(request);
      case FETCH_OFFSETS -> fetch.handle(request);
      case LIST_GROUPS -> list.handle(request);
      case DESCRIBE_GROUP -> describe.handle(request);
      case DELETE_GROUP -> delete.handle(request);
      default ->
          throw new IllegalArgumentException("not of groups: " + request.head().getApiCase());
    }
  }
}
