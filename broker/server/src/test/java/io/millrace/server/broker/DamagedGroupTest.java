package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.AppendOutcome;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.ProduceShare;
import io.millrace.server.partition.Shard;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compressions;
import io.millrace.wire.GroupLogBytes;
import io.millrace.wire.v1.DeleteGroupRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.GroupLogKey;
import io.millrace.wire.v1.GroupLogMember;
import io.millrace.wire.v1.GroupLogPartitions;
import io.millrace.wire.v1.GroupLogTopic;
import io.millrace.wire.v1.GroupLogValue;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("a groups' log that contradicts itself costs the group that it is about, and no other")
class DamagedGroupTest extends GroupScene {
  private static final String BROKEN = "g";

  /** Another group that is kept in the same partition. */
  private String neighbour() {
    int partition = where(BROKEN).getPartition();
    for (int i = 0; ; i++) {
      if (where("n" + i).getPartition() == partition) {
        return "n" + i;
      }
    }
  }

  /** As nobody could by a request: only coordinators write to that topic. */
  private void append(GroupLogKey key, GroupLogValue value) {
    append(GroupLogBytes.of(key), GroupLogBytes.of(value));
  }

  private void append(ByteBuffer key, ByteBuffer value) {
    LocateGroupResponse where = where(BROKEN);
    int leader = world.leader(where.getTopic(), where.getPartition());
    PartitionId id = new PartitionId(where.getTopicId(), where.getPartition());
    Shard shard = id.ownerAmong(world.machine(leader).shards());
    BatchBuilder batch = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    batch.tryAppend(1_700_000_000_000L, key, value, List.of());
    CompletableFuture<AppendOutcome> done = new CompletableFuture<>();
    shard.deliver(
        () ->
            shard.append(
                id,
                new ProduceShare(
                    batch.finish(Compressions.NONE),
                    Durability.STANDARD,
                    OptionalInt.empty(),
                    Long.MAX_VALUE,
                    new ProduceShare.Listener() {
                      @Override
                      public void onBatchesFree() {}

                      @Override
                      public void onOutcome(AppendOutcome outcome) {
                        done.complete(outcome);
                      }
                    })));
    world.cluster.scheduler.runUntil("an append", done::isDone, 60 * SECOND);
    assertThat(done.join()).isNotInstanceOf(AppendOutcome.Refused.class);
  }

  /** A second member that holds what the first one does. */
  private void contradict() {
    append(
        GroupLogKey.newBuilder().setGroupId(BROKEN).setMember("intruder").build(),
        GroupLogValue.newBuilder()
            .setVersion(1)
            .setMember(
                GroupLogMember.newBuilder()
                    .setClientId("c")
                    .setHost("h")
                    .setSessionTimeoutMs(10_000)
                    .setRevocationTimeoutMs(10_000)
                    .setEpoch(1)
                    .setOwned(
                        GroupLogPartitions.newBuilder()
                            .addTopics(
                                GroupLogTopic.newBuilder()
                                    .setTopicId(orders.getTopicId())
                                    .addPartitions(0))))
            .build());
  }

  private void takeOver() {
    LocateGroupResponse where = where(BROKEN);
    world.kill(world.leader(where.getTopic(), where.getPartition()));
  }

  private List<String> explained() {
    Response response =
        ask(BROKEN, Request.newBuilder().setExplain(ExplainRequest.newBuilder().setGroup(BROKEN)));
    return response.getExplain().getFindingsList().stream().map(Finding::getReason).toList();
  }

  @Test
  void isToldByNameWhileOthersOfThePartitionAreServed() {
    Member member = new Member(BROKEN, "m0");
    Member other = new Member(neighbour(), "m0");
    settle(List.of(member));
    settle(List.of(other));
    assertThat(member.commit(1, 0)).isEqualTo(none());
    contradict();
    takeOver();
    Response refused = member.say();
    assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.GROUP_DAMAGED);
    assertThat(refused.getError().getMessage()).contains("m0").contains("intruder");
    assertThat(other.say().hasError()).isFalse();
    assertThat(describe(BROKEN).getAlarm()).contains("held by both");
    assertThat(describe(BROKEN).getOffsetsList()).hasSize(1);
    assertThat(explained()).contains("group-damaged");
  }

  @Test
  void beginsAnewWhenItIsDeletedAlsoForLaterCoordinators() {
    Member member = new Member(BROKEN, "m0");
    settle(List.of(member));
    contradict();
    takeOver();
    assertThat(member.say().getError().getCode()).isEqualTo(ErrorCode.GROUP_DAMAGED);
    Response deleted =
        ask(
            BROKEN,
            Request.newBuilder()
                .setDeleteGroup(DeleteGroupRequest.newBuilder().setGroupId(BROKEN)));
    assertThat(deleted.hasError()).isFalse();
    assertThat(member.say().getError().getCode()).isEqualTo(ErrorCode.FENCED_MEMBER);
    Member anew = new Member(BROKEN, "m1");
    settle(List.of(anew));
    LocateGroupResponse where = where(BROKEN);
    world.elect(where.getTopic(), io.millrace.wire.v1.ElectionKind.PREFERRED);
    settle(List.of(anew));
    assertThat(anew.held).hasSize(SIX);
  }

  @Test
  void knowsWhatANewerBrokerHasWrittenForWhatItIs() {
    Member member = new Member(BROKEN, "m0");
    settle(List.of(member));
    append(
        GroupLogKey.newBuilder().setGroupId(BROKEN).setMember("later").build(),
        GroupLogValue.newBuilder().setVersion(2).build());
    takeOver();
    Response refused = member.say();
    assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.GROUP_DAMAGED);
    assertThat(refused.getError().getMessage()).contains("newer broker");
  }

  @Test
  void explainsACoordinatorThatCannotReadOnInTheEnd() {
    settle(List.of(new Member(BROKEN, "m0")));
    append(ByteBuffer.wrap(new byte[] {-1, -1}), ByteBuffer.wrap(new byte[] {1}));
    takeOver();
    LocateGroupResponse where = where(BROKEN);
    int coordinator = world.leader(where.getTopic(), where.getPartition());
    long askedNanos = world.cluster.scheduler.nanoTime();
    Response response =
        Objects.requireNonNull(
            tryOnce(
                coordinator,
                Request.newBuilder().setExplain(ExplainRequest.newBuilder().setGroup(BROKEN))));
    assertThat(world.cluster.scheduler.nanoTime() - askedNanos).isLessThan(3 * SECOND);
    assertThat(response.getExplain().getFindingsList())
        .anySatisfy(
            finding -> {
              assertThat(finding.getReason()).isEqualTo("coordinator-loading");
              assertThat(finding.getText()).contains("it cannot for now");
            });
  }
}
