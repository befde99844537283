package io.millrace.server.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.rpc.Tasks;
import io.millrace.server.health.HealthBoard.Part;
import io.millrace.storage.files.MemoryDisk;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DiskWatchTest {
  private final SimulatedScheduler scheduler = new SimulatedScheduler(3);
  private final Tasks.Worker worker = new SimulatedTasks(scheduler).worker("housekeeping");
  private final Path root = Path.of("/disk");
  private final MemoryDisk disk = new MemoryDisk(1, root);
  private final HealthBoard board = new HealthBoard();

  @Test
  @DisplayName("F16: a disk that is nearly full is said to be, and not for longer than it is")
  void followsTheRoomThatIsLeft() {
    board.good(Part.LIFE);
    worker.execute(new DiskWatch(worker, disk, root, board)::start);
    scheduler.runFor(1_000_000_000);
    assertThat(board.ready().isGood()).isTrue();

    disk.limitBytes(1 << 20);
    scheduler.runFor(6_000_000_000L);
    assertThat(board.ready().reason()).contains("/disk", "full", "retention");

    disk.limitBytes(1L << 40);
    scheduler.runFor(6_000_000_000L);
    assertThat(board.ready().isGood()).isTrue();
  }
}
