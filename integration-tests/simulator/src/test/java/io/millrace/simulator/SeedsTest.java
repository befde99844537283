package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The same seeds in every build, for more than 10,000 schedules; {@code integration-tests/simulate}
 * goes on with others. {@code -Dsimulator.seeds=10} runs fewer here. How long it takes is printed,
 * and no condition: a slow machine needs longer.
 */
class SeedsTest {
  private static final long FIRST = 1;
  private static final long COUNT = Long.getLong("simulator.seeds", 1_350);

  /** So many are run twice. */
  private static final long TWICE = Math.min(COUNT, Long.getLong("simulator.seeds.twice", 200));

  private static final Sweep SWEEP = new Sweep(FIRST, COUNT, 1, seed -> Run.of(seed, Swarm.ASKED));

  /** So many are run in another process too, while the others run here. */
  private static final long ELSEWHERE_TOO = Math.min(COUNT, 24);

  /** The first of them that have groups: there an application's threads take turns too. */
  private static final long GROUPS_ELSEWHERE_TOO = Math.min(COUNT / Workload.Kind.EVERY, 10);

  private static final List<OtherProcess> OTHER_PROCESSES = new ArrayList<>();

  @BeforeAll
  static void run() throws InterruptedException, IOException {
    OTHER_PROCESSES.add(OtherProcess.start(FIRST, ELSEWHERE_TOO, 1));
    if (GROUPS_ELSEWHERE_TOO > 0) {
      OTHER_PROCESSES.add(
          OtherProcess.start(Workload.Kind.GROUPS, GROUPS_ELSEWHERE_TOO, Workload.Kind.EVERY));
    }
    run(SWEEP);
    System.out.println(SWEEP.figures());
  }

  @AfterAll
  static void endTheOther() {
    OTHER_PROCESSES.forEach(OtherProcess::end);
  }

  private static void run(Sweep sweep) throws InterruptedException {
    sweep.go(Runtime.getRuntime().availableProcessors(), verdict -> {});
  }

  @Test
  @DisplayName("no schedule of faults breaks a promise (reliability 7)")
  void noScheduleBreaksAPromise() {
    assertThat(SWEEP.failed()).as(failures()).isEmpty();
    assertThat(SWEEP.done()).isEqualTo(COUNT);
    // Only a loss that nobody could help ends a cluster before its last round.
    assertThat(SWEEP.rounds()).isGreaterThan(COUNT * 6);
  }

  @Test
  @DisplayName("what was never reached was not tested (reliability 7.6)")
  void reachesTheRarePlaces() {
    Reach reach = SWEEP.reach();
    assertThat(reach.of(Reach.Place.LEADER_CHANGE)).isGreaterThan(COUNT);
    EnumSet<Reach.Place> never = EnumSet.allOf(Reach.Place.class);
    never.removeIf(place -> reach.of(place) > 0);
    assertThat(never).isEmpty();
    assertThat(reach.of(Reach.Place.ACKNOWLEDGED)).isGreaterThan(COUNT);
  }

  @Test
  @DisplayName("equal seeds take equal steps, on whichever thread (reliability 7.5)")
  void equalSeedsTakeEqualSteps() throws InterruptedException {
    Sweep again = new Sweep(FIRST, TWICE, 1, seed -> Run.of(seed, Swarm.ASKED));
    run(again);
    Map<Long, Long> before = new HashMap<>(SWEEP.traces());
    before.keySet().retainAll(again.traces().keySet());
    assertThat(again.traces()).hasSize((int) TWICE).isEqualTo(before);
  }

  @Test
  @DisplayName("equal seeds take equal steps in every process (reliability 7.5)")
  void equalSeedsTakeEqualStepsInAnotherProcess() throws InterruptedException, IOException {
    Map<Long, Long> there = new HashMap<>();
    for (OtherProcess each : OTHER_PROCESSES) {
      there.putAll(each.traces());
    }
    Map<Long, Long> here = new HashMap<>(SWEEP.traces());
    here.keySet().retainAll(there.keySet());
    assertThat(there).hasSizeGreaterThanOrEqualTo((int) ELSEWHERE_TOO).isEqualTo(here);
  }

  private static String failures() {
    return SWEEP.failed().stream()
        .map(
            verdict ->
                "seed "
                    + verdict.seed()
                    + ", round "
                    + verdict.rounds()
                    + ": "
                    + verdict.violation().map(Violation::toString).orElse("passed"))
        .collect(Collectors.joining("\n"));
  }
}
