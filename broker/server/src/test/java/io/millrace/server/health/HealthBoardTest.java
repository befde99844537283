package io.millrace.server.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.health.BrokerHealth.Verdict;
import io.millrace.server.health.HealthBoard.Part;
import org.junit.jupiter.api.Test;

class HealthBoardTest {
  private final HealthBoard board = new HealthBoard();

  @Test
  void beginsAliveAndNotReady() {
    assertThat(board.live().isGood()).isTrue();
    assertThat(board.ready()).isEqualTo(new Verdict(false, "starting"));
  }

  @Test
  void isReadyOnceNobodyComplains() {
    board.bad(Part.MEMBERSHIP, "not registered");
    board.good(Part.LIFE);
    assertThat(board.ready()).isEqualTo(new Verdict(false, "not registered"));

    board.good(Part.MEMBERSHIP);
    assertThat(board.ready()).isEqualTo(new Verdict(true, "ready"));
  }

  @Test
  void namesEveryReason() {
    board.bad(Part.DISK, "the disk is full");
    assertThat(board.ready().reason()).isEqualTo("starting; the disk is full");
    assertThat(board.live().isGood()).isTrue();
  }

  @Test
  void isDeadOnlyWhenARestartIsTheRemedy() {
    board.bad(Part.THREADS, "stalled: flush");
    assertThat(board.live().isGood()).isTrue();

    board.dead(Part.THREADS, "stalled for a minute and more: flush");
    assertThat(board.live()).isEqualTo(new Verdict(false, "stalled for a minute and more: flush"));
    assertThat(board.ready().isGood()).isFalse();
  }
}
