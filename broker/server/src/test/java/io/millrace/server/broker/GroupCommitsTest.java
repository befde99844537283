package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.CommitOffsetResult;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("semantics 4.13: which commits count, on three brokers")
class GroupCommitsTest extends GroupScene {
  private static final String GROUP = "g";

  private Member alone() {
    Member member = new Member(GROUP, "m0");
    settle(List.of(member));
    return member;
  }

  private Response commit(Member member, long number, OffsetToCommit... offsets) {
    return ask(
        GROUP,
        Request.newBuilder()
            .setCommitOffsets(
                CommitOffsetsRequest.newBuilder()
                    .setGroupId(GROUP)
                    .setMemberId(member.id)
                    .setMemberEpoch(member.epoch)
                    .setNumber(number)
                    .addAllOffsets(Arrays.asList(offsets))));
  }

  private OffsetToCommit at(int partition, long offset) {
    return OffsetToCommit.newBuilder()
        .setTopicId(orders.getTopicId())
        .setPartition(partition)
        .setOffset(offset)
        .build();
  }

  private static List<ErrorCode> codes(Response response) {
    return response.getCommitOffsets().getResultsList().stream()
        .map(CommitOffsetResult::getError)
        .map(io.millrace.wire.v1.Error::getCode)
        .toList();
  }

  @Test
  @DisplayName("B54: a member that commits beyond the end is refused, and only there")
  void b54_refusesAMembersCommitBeyondTheEnd() {
    fill(0, 10);
    fill(1, 10);
    Member member = alone();
    assertThat(codes(commit(member, 1, at(0, 11), at(1, 10))))
        .containsExactly(ErrorCode.OFFSET_OUT_OF_RANGE, none());
    assertThat(codes(commit(member, 2, at(0, Long.MAX_VALUE))))
        .containsExactly(ErrorCode.OFFSET_OUT_OF_RANGE);
    assertThat(codes(commit(member, 3, at(0, 10)))).containsExactly(none());
    assertThat(offsets(GROUP)).containsEntry(0, 10L).containsEntry(1, 10L);
    fill(0, 5);
    assertThat(codes(commit(member, 4, at(0, 15)))).as("it has grown").containsExactly(none());
    assertThat(codes(commit(member, 5, at(0, 16)))).containsExactly(ErrorCode.OFFSET_OUT_OF_RANGE);
  }

  @Test
  @DisplayName("B54: what a leader says is not believed after another has been elected")
  void b54_asksTheNextLeader() {
    fill(0, 10);
    Member member = alone();
    assertThat(codes(commit(member, 1, at(0, 10)))).containsExactly(none());
    world.kill(world.leader("orders", 0));
    world.await(() -> "another leader", () -> world.describe("orders", 0).hasLeader());
    assertThat(codes(commit(member, 2, at(0, 9)))).containsExactly(none());
    assertThat(codes(commit(member, 3, at(0, 11)))).containsExactly(ErrorCode.OFFSET_OUT_OF_RANGE);
  }

  @Test
  @DisplayName("B54: metadata of more than 4 KiB, in bytes, is refused with the limit")
  void b54_refusesTooMuchMetadata() {
    Member member = alone();
    OffsetToCommit.Builder fits = at(0, 0).toBuilder().setMetadata("x".repeat(4096));
    assertThat(codes(commit(member, 1, fits.build()))).containsExactly(none());
    Response refused = commit(member, 2, fits.setMetadata("ü".repeat(2049)).build());
    assertThat(codes(refused)).containsExactly(ErrorCode.TOO_LARGE);
    assertThat(refused.getCommitOffsets().getResults(0).getError().getMessage())
        .contains("4096 bytes");
  }

  @Test
  @DisplayName("B51: a member id that cannot be one commits nothing")
  void b51_refusesMemberIdsThatCannotBe() {
    Member member = new Member(GROUP, "x".repeat(300));
    assertThat(commit(member, 1, at(0, 0)).getError().getCode())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  @DisplayName("I6: a commit that comes late does not undo what its member has committed since")
  void i6_passesOverCommitsThatComeLateAlsoAfterTheCoordinatorHasDied() {
    fill(0, 100);
    Member member = alone();
    assertThat(codes(commit(member, 2, at(0, 40)))).containsExactly(none());
    assertThat(codes(commit(member, 1, at(0, 30)))).containsExactly(none());
    assertThat(offsets(GROUP)).containsEntry(0, 40L);
    world.kill(coordinator(GROUP));
    assertThat(codes(commit(member, 1, at(0, 30)))).containsExactly(none());
    assertThat(offsets(GROUP)).containsEntry(0, 40L);
    assertThat(codes(commit(member, 3, at(0, 20)))).as("it goes back").containsExactly(none());
    assertThat(offsets(GROUP)).containsEntry(0, 20L);
  }
}
