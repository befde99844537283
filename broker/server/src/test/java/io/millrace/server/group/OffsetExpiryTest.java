package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("semantics 4.13: offsets expire from the moment the group is empty")
class OffsetExpiryTest {
  private static final long DAY = 86_400_000;
  private static final long WEEK = 7 * DAY;
  private static final PartitionId ONE = new PartitionId("orders~1", 0);
  private static final PartitionId GONE = new PartitionId("gone~1", 0);

  private final Group group = new Group("g");

  private void committed(PartitionId id, long atMillis) {
    group.apply(
        new GroupChange.Committed(id, new CommittedOffset(5, -1, atMillis, "", CommitNumber.NONE)));
  }

  private void epoch(int epoch, long emptySinceMillis) {
    group.apply(new GroupChange.EpochIs(epoch, new TreeMap<>(), emptySinceMillis));
  }

  private void member() {
    group.apply(
        new GroupChange.MemberIs(
            new GroupMember(
                "m",
                new GroupMember.Identity(
                    Optional.empty(), Optional.empty(), "c", "h", 1_000, 1_000, Optional.empty()),
                Subscription.NONE,
                1,
                1,
                Set.of(),
                Set.of())));
  }

  private List<GroupChange> due(long nowMillis) {
    return OffsetExpiry.due(group, id -> id.equals("orders~1"), nowMillis, WEEK);
  }

  @Test
  void countsFromWhenTheLastMemberWentAndNotFromTheCommit() {
    committed(ONE, DAY);
    epoch(3, 30 * DAY);
    assertThat(due(37 * DAY)).isEmpty();
    assertThat(due(37 * DAY + 1))
        .containsExactly(new GroupChange.Forgotten(ONE), new GroupChange.Ended());
  }

  @Test
  void keepsEverythingWhileThereIsAMember() {
    committed(ONE, DAY);
    epoch(3, 0);
    member();
    assertThat(due(400 * DAY)).isEmpty();
  }

  @Test
  void aResetByHandBeginsTheTimeAnew() {
    committed(ONE, DAY);
    epoch(3, 30 * DAY);
    committed(ONE, 36 * DAY);
    assertThat(due(40 * DAY)).isEmpty();
    assertThat(due(44 * DAY)).hasSize(2);
  }

  @Test
  void aGroupThatNeverHadMembersGoesByItsCommits() {
    committed(ONE, DAY);
    assertThat(due(8 * DAY)).isEmpty();
    assertThat(due(8 * DAY + 1)).contains(new GroupChange.Ended());
  }

  @Test
  void aGroupWithNothingLeftGoesAfterTenMinutes() {
    epoch(2, DAY);
    assertThat(due(DAY + 600_000)).isEmpty();
    assertThat(due(DAY + 600_001)).containsExactly(new GroupChange.Ended());
  }

  @Test
  @DisplayName(
      "4.24: offsets of a topic that is gone go too, but not while somebody may put it back")
  void forgetsOffsetsOfTopicsThatAreGone() {
    committed(ONE, DAY);
    committed(GONE, 2 * DAY);
    epoch(3, 0);
    member();
    assertThat(due(9 * DAY)).isEmpty();
    assertThat(due(9 * DAY + 1)).containsExactly(new GroupChange.Forgotten(GONE));
  }
}
