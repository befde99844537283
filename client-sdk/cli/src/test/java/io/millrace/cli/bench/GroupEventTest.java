package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.cli.CommandFailedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroupEventTest {
  @Test
  void readsWordsWithCommasBetween() {
    assertThat(GroupEvent.parse("join, lose,watch"))
        .containsExactly(GroupEvent.JOIN, GroupEvent.LOSE, GroupEvent.WATCH);
    assertThatThrownBy(() -> GroupEvent.parse("join,,leave"))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("not \"\"");
  }

  @Test
  void refusesAGroupThatBecomesEmptyOrLargerThanItsPartitions() {
    List<GroupEvent> plan = GroupEvent.parse("join,leave,lose");
    assertThatCode(() -> GroupEvent.check(plan, 2, 3)).doesNotThrowAnyException();
    assertThatThrownBy(() -> GroupEvent.check(plan, 1, 3)).hasMessageContaining("to 0 members");
    assertThatThrownBy(() -> GroupEvent.check(plan, 3, 3))
        .hasMessageContaining("to 4 members of 3");
    assertThatThrownBy(() -> GroupEvent.check(List.of(), 4, 3))
        .hasMessageContaining("4 members of 3 partitions");
  }
}
