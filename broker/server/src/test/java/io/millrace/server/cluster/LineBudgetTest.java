package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LineBudgetTest {
  private final LineBudget budget = new LineBudget(2, 100);

  @Test
  void leavesOutWhatIsTooMuchAndCountsIt() {
    assertThat(budget.take(5)).isZero();
    assertThat(budget.take(6)).isZero();
    assertThat(budget.take(7)).isEqualTo(LineBudget.SPENT);
    assertThat(budget.take(104)).isEqualTo(LineBudget.SPENT);
    assertThat(budget.take(105)).isEqualTo(2);
    assertThat(budget.take(106)).isZero();
  }
}
