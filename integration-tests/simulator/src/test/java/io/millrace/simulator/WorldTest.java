package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class WorldTest {
  @Test
  void startsBrokersKillsThemAndStartsThemAgain() {
    World world = new World(7, 3, Map.of());
    world.machines().forEach(Machine::start);
    world.await("all are up", () -> allAre(world, Machine.State.UP));

    Machine first = world.machines().get(0);
    first.kill();
    assertThat(first.state()).isEqualTo(Machine.State.DOWN);
    first.start();
    world.await("the first is up again", () -> first.state() == Machine.State.UP);

    world.machines().forEach(Machine::stop);
    world.await("all have stopped", () -> allAre(world, Machine.State.DOWN));
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  @Test
  void runsEqualSeedsEqually() {
    assertThat(traceOf(11)).isEqualTo(traceOf(11)).isNotEqualTo(traceOf(12));
  }

  private static long traceOf(long seed) {
    World world = new World(seed, 2, Map.of());
    world.machines().forEach(Machine::start);
    world.await("all are up", () -> allAre(world, Machine.State.UP));
    world.machines().get(0).losePower(0.8);
    world.machines().get(0).start();
    world.scheduler().runFor(2 * World.SECOND);
    return world.scheduler().trace();
  }

  private static boolean allAre(World world, Machine.State state) {
    return world.machines().stream().allMatch(machine -> machine.state() == state);
  }
}
