package io.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.simulator.Act.Kind;
import io.millrace.simulator.Violation.Rule;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KeptScheduleTest {
  @Test
  void readsWhatItWrites() {
    Options drawn = Options.of(4711, 0, Swarm.ASKED);
    List<Act> acts = Schedule.of(drawn);
    KeptSchedule again = KeptSchedule.read("again", KeptSchedule.text(drawn, acts));
    assertThat(again.rounds()).hasSize(1);
    assertThat(again.rounds().get(0).acts()).isEqualTo(acts);
    Options options = again.rounds().get(0).options();
    assertThat(OptionsText.write(options)).isEqualTo(OptionsText.write(drawn));
    assertThat(options.writers()).isEqualTo(drawn.writers());
    assertThat(options.brokerSettings()).isEqualTo(drawn.brokerSettings());
    assertThat(options.topicSettings()).isEqualTo(drawn.topicSettings());
    assertThat(options.faults()).isEqualTo(Map.of());
  }

  @Test
  void readsSeveralRoundsOfOneCluster() {
    List<Round> drawn = Round.ofSeed(4711, Swarm.ASKED).subList(0, 3);
    String text =
        drawn.stream()
            .map(round -> KeptSchedule.text(round.options(), round.acts()))
            .collect(Collectors.joining());
    List<Round> again = KeptSchedule.read("again", text).rounds();
    assertThat(again).extracting(Round::acts).isEqualTo(drawn.stream().map(Round::acts).toList());
    assertThat(again)
        .extracting(round -> OptionsText.write(round.options()))
        .isEqualTo(drawn.stream().map(round -> OptionsText.write(round.options())).toList());
  }

  @Test
  void readsHandwrittenOnes() {
    KeptSchedule schedule =
        KeptSchedule.read(
            "x",
            """
            # a story
            without R22
            breaks I1_ACKNOWLEDGED_IS_KEPT
            seeds 3
            options brokers=2 replicas=2
            options minimum=1
            250 ms  lose power  broker 1, per mille 900
            0..20/10 ms  send  writer 0, partition 0
            5.5 ms  hide topic
            """);
    assertThat(schedule.rounds().get(0).acts())
        .containsExactly(
            new Act(0, Kind.SEND, 0, 0),
            new Act(5_500_000, Kind.HIDE_TOPIC, 0, 0),
            new Act(10_000_000, Kind.SEND, 0, 0),
            new Act(20_000_000, Kind.SEND, 0, 0),
            new Act(250_000_000, Kind.LOSE_POWER, 1, 900));
    assertThat(schedule.breaks()).containsExactly(Rule.I1_ACKNOWLEDGED_IS_KEPT);
    assertThat(schedule.seeds()).isEqualTo(3);
    assertThat(schedule.rounds().get(0).options().minInSync()).isEqualTo(1);
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatThrownBy(() -> KeptSchedule.read("x", "options brokers=1 color=red"))
        .hasMessageContaining("color=red")
        .hasMessageContaining("brokers");
    assertThatThrownBy(() -> KeptSchedule.read("x", "options brokers=1\n12 ms kill it"))
        .hasMessageContaining("not an act: 12 ms kill it");
  }
}
