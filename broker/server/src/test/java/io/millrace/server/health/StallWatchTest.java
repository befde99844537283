package io.millrace.server.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.rpc.Tasks;
import io.millrace.server.health.HealthBoard.Part;
import io.millrace.storage.ManualLoop;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("reliability 8.14: session alive, broker dead")
class StallWatchTest {
  private static final long SECOND = 1_000_000_000;

  private final SimulatedScheduler scheduler = new SimulatedScheduler(3);
  private final Tasks tasks = new SimulatedTasks(scheduler);
  private final Tasks.Worker home = tasks.worker("zk-events");
  private final ManualLoop flush = new ManualLoop("flush");
  private final HealthBoard board = new HealthBoard();
  private final StallWatch watch = new StallWatch(home, board);

  @BeforeEach
  void begin() {
    board.good(Part.LIFE);
    watch.add(tasks.worker("loop-0"), 3_000);
    watch.add(flush, 10_000);
    watch.start();
    run(1);
  }

  private void run(long seconds) {
    scheduler.runFor(seconds * SECOND);
  }

  @Test
  void saysNothingOfThreadsThatComeRound() {
    for (int i = 0; i < 30; i++) {
      flush.runAll();
      run(2);
    }
    assertThat(board.ready().isGood()).isTrue();
  }

  @Test
  void namesWhoDoesNotComeRound() {
    run(8);
    assertThat(board.ready().isGood()).isTrue();
    run(4);
    assertThat(board.ready().reason()).isEqualTo("stalled: flush");
    assertThat(board.live().isGood()).isTrue();
  }

  @Test
  void takesAnEndlessStallForDeath() {
    run(65);
    assertThat(board.live().isGood()).isFalse();
  }

  @Test
  void isWellAgainAfterwards() {
    run(70);
    flush.runAll();
    run(1);
    assertThat(board.ready().isGood()).isTrue();
    assertThat(board.live().isGood()).isTrue();
  }

  @Test
  void canBeStopped() {
    home.execute(watch::stop);
    run(70);
    assertThat(board.live().isGood()).isTrue();
  }
}
