package io.millrace.client.fake;

import io.millrace.rpc.InboundRequest;
import io.millrace.wire.v1.CommitOffsetResult;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.CommitOffsetsResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchOffsetsResponse;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupHeartbeatResponse;
import io.millrace.wire.v1.GroupTopic;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;

/**
 * The coordinator of one group with one member, at whatever broker leads {@code __groups}: gives
 * the member what a test says, and keeps what it hears. On the simulation's one thread.
 */
public final class FakeGroups {
  private static final String TOPIC = "__groups";

  private final FakeCluster cluster;
  private final FakeCluster.FakeTopic groups;
  private final List<Beat> beats = new ArrayList<>();
  private final List<Long> commits = new ArrayList<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private GroupTopic assigned = GroupTopic.getDefaultInstance();
  private int memberEpoch = 1;
  private int commitsToLose;

  /** A heartbeat as it came. */
  public record Beat(int broker, long nanos, GroupHeartbeatRequest said) {}

  private record Waiting(InboundRequest request) {}

  public FakeGroups(SimulatedWorld world, int brokers) {
    this.cluster = world.cluster();
    this.groups = cluster.createTopic(TOPIC, 1);
    for (int id = 1; id <= brokers; id++) {
      int broker = id;
      world.broker(id).script(request -> takes(broker, request, world));
    }
  }

  // ---- What a test does ------------------------------------------------------------------------

  /** These partitions of the topic, and nothing else, from now on. */
  public void assign(FakeCluster.FakeTopic topic, String name, List<Integer> partitions) {
    assigned =
        GroupTopic.newBuilder()
            .setTopicId(topic.id())
            .setTopic(name)
            .addAllPartitions(partitions)
            .build();
    memberEpoch++;
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    all.forEach(each -> tell(each.request()));
  }

  /** Elected; clients are not told. */
  public void lead(int broker) {
    cluster.lead(TOPIC, 0, broker, false);
  }

  /** The next so many commits get no answer, and have no effect. */
  public void loseCommits(int count) {
    commitsToLose = count;
  }

  public List<Beat> beats() {
    return beats;
  }

  /** The offsets that were committed, in the order in which they took effect. */
  public List<Long> commits() {
    return commits;
  }

  // ---- What a broker does ----------------------------------------------------------------------

  private boolean takes(int broker, InboundRequest request, SimulatedWorld world) {
    switch (request.head().getApiCase()) {
      case LOCATE_GROUP ->
          request.answer(
              Response.newBuilder()
                  .setLocateGroup(LocateGroupResponse.newBuilder().setTopic(TOPIC)),
              List.of());
      case GROUP_HEARTBEAT -> {
        beats.add(
            new Beat(broker, world.scheduler().nanoTime(), request.head().getGroupHeartbeat()));
        if (leads(broker, request)) {
          beat(request, request.head().getGroupHeartbeat());
        }
      }
      case FETCH_OFFSETS -> {
        if (leads(broker, request)) {
          request.answer(
              Response.newBuilder()
                  .setFetchOffsets(FetchOffsetsResponse.newBuilder().setLeaderEpoch(epoch())),
              List.of());
        }
      }
      case COMMIT_OFFSETS -> {
        if (commitsToLose > 0) {
          commitsToLose--;
        } else if (leads(broker, request)) {
          commit(request, request.head().getCommitOffsets());
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean leads(int broker, InboundRequest request) {
    if (cluster.leader(groups, 0) == broker) {
      return true;
    }
    request.refuse(ErrorCode.NOT_LEADER, "broker " + broker + " is not the coordinator");
    return false;
  }

  private int epoch() {
    return cluster.leaderEpoch(groups, 0);
  }

  private void beat(InboundRequest request, GroupHeartbeatRequest said) {
    boolean hasAll =
        said.getHeld().getTopicsList().stream()
            .anyMatch(
                each ->
                    each.getTopicId().equals(assigned.getTopicId())
                        && each.getPartitionsList().equals(assigned.getPartitionsList()));
    if (said.getMemberEpoch() == memberEpoch && hasAll) {
      Waiting one = new Waiting(request);
      waiting.add(one);
      request
          .loop()
          .schedule(
              said.getMaxWaitMs() * 1_000_000L,
              () -> {
                if (waiting.remove(one)) {
                  tell(request);
                }
              });
    } else {
      tell(request);
    }
  }

  private void tell(InboundRequest request) {
    GroupHeartbeatResponse.Builder answer =
        GroupHeartbeatResponse.newBuilder().setLeaderEpoch(epoch()).setMemberEpoch(memberEpoch);
    if (assigned.getPartitionsCount() > 0) {
      answer.addAssigned(assigned);
    }
    request.answer(Response.newBuilder().setGroupHeartbeat(answer), List.of());
  }

  private void commit(InboundRequest request, CommitOffsetsRequest said) {
    CommitOffsetsResponse.Builder answer =
        CommitOffsetsResponse.newBuilder().setLeaderEpoch(epoch());
    for (OffsetToCommit each : said.getOffsetsList()) {
      commits.add(each.getOffset());
      answer.addResults(
          CommitOffsetResult.newBuilder()
              .setTopicId(each.getTopicId())
              .setPartition(each.getPartition()));
    }
    request.answer(Response.newBuilder().setCommitOffsets(answer), List.of());
  }
}
