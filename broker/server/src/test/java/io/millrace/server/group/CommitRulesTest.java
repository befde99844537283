package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.PartitionId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("I6: of what a member commits, the newest counts, whichever comes last")
class CommitRulesTest {
  private static final PartitionId ONE = new PartitionId("orders~1", 0);

  private final Group group = new Group("g");

  private void commit(String member, long number, long offset) {
    CommitRules.change(
            group,
            new GroupChange.Committed(
                ONE, new CommittedOffset(offset, -1, 1, "", CommitNumber.of(member, number))))
        .ifPresent(group::apply);
  }

  private long committed() {
    CommittedOffset now = group.offsets().get(ONE);
    return now == null ? -1 : now.offset();
  }

  @Test
  void passesOverWhatTheSameMemberHasOvertaken() {
    commit("a", 2, 20);
    commit("a", 1, 10);
    assertThat(committed()).isEqualTo(20);
  }

  @Test
  void letsAMemberGoBackWhenItSaysSo() {
    commit("a", 1, 20);
    commit("a", 2, 10);
    assertThat(committed()).isEqualTo(10);
  }

  @Test
  void takesTheSameTryTwiceForOne() {
    commit("a", 1, 20);
    commit("a", 1, 20);
    assertThat(committed()).isEqualTo(20);
  }

  @Test
  void anotherMemberCountsForItself() {
    commit("a", 100, 20);
    commit("b", 1, 30);
    assertThat(committed()).isEqualTo(30);
  }

  @Test
  void ofThoseWhoDoNotCountTheLastToComeIsTheLast() {
    commit("a", 7, 20);
    commit("a", 0, 10);
    assertThat(committed()).isEqualTo(10);
    commit("a", 1, 30);
    assertThat(committed()).as("nothing is known to be newer").isEqualTo(30);
  }
}
