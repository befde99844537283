package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.DrainResult;
import io.millrace.client.TopicPartition;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BrokerDrainCommandTest {
  private final PretendCluster cluster = new PretendCluster();

  private CommandRun run(int exitCode, String... args) {
    CommandRun run = CommandRun.on(cluster);
    Surroundings surroundings = run.surroundings();
    List<CommandEntry> drain =
        List.of(CommandEntry.of("drain", () -> new BrokerDrainCommand(surroundings)));
    assertThat(new MillraceCommand(surroundings, drain).run(args))
        .as(run.stderr())
        .isEqualTo(exitCode);
    return run;
  }

  @Test
  void drainsABroker() {
    assertThat(run(0, "drain", "1").stdout())
        .isEqualTo("broker 1 has handed over 4 partitions and leads nothing\n");
    assertThat(cluster.drains).containsExactly("drain 1");
  }

  @Test
  void namesWhatStaysAndFails() {
    cluster.drained =
        new DrainResult(
            1,
            IntStream.range(0, 22)
                .mapToObj(
                    i ->
                        new DrainResult.Left(
                            new TopicPartition("notes", i), "no other replica is in sync"))
                .toList());
    CommandRun run = run(1, "drain", "1");
    assertThat(run.stdout())
        .isEqualTo("broker 1 has handed over 1 partition and leads 22 partitions\n");
    assertThat(run.stderr().lines())
        .hasSize(21)
        .startsWith("millrace: notes/0 stays: no other replica is in sync")
        .endsWith("millrace: and 2 more");
  }

  @Test
  void endsTheDraining() {
    assertThat(run(0, "drain", "1", "--cancel").stdout()).isEqualTo("broker 1 drains no more\n");
    assertThat(cluster.drains).containsExactly("cancel 1");
  }

  @Test
  void aBrokerThatIsNotAliveIsNotFound() {
    assertThat(run(3, "drain", "2").stderr())
        .isEqualTo("millrace: no broker 2 is alive; there are [1]\n");
    assertThat(cluster.drains).isEmpty();
  }
}
