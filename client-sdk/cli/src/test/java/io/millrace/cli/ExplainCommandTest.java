package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Finding;
import io.millrace.client.errors.BrokerUnavailableException;
import java.util.List;
import java.util.OptionalLong;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExplainCommandTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 2);
  private final TimeZone usual = TimeZone.getDefault();

  @BeforeEach
  void everywhereTheSameTime() {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  @AfterEach
  void usualTime() {
    TimeZone.setDefault(usual);
  }

  private void inTrouble() {
    cluster.findings =
        List.of(
            new Finding(
                "below-minimum",
                Finding.Severity.BROKEN,
                "1 of 3 replicas is in sync, and the topic wants 2",
                "start brokers 2 and 3",
                OptionalLong.of(1_795_428_000_000L)),
            new Finding(
                "led",
                Finding.Severity.FINE,
                "broker 1 leads\u001b[31m",
                "",
                OptionalLong.empty()));
  }

  @Test
  void tellsAPersonWhatIsSoSinceWhenAndWhatToDo() {
    inTrouble();
    assertThat(output("explain", "partition", "notes/1"))
        .isEqualTo(
            """
            notes/1, as broker 1 sees it
            STATE   REASON         SINCE                WHAT
            broken  below-minimum  2026-11-23 10:00:00  1 of 3 replicas is in sync, and the topic wants 2
            fine    led            -                    broker 1 leads\\u001b[31m

            below-minimum: start brokers 2 and 3
            """);
  }

  @Test
  void explainsEveryPartitionOfATopic() {
    assertThat(output("explain", "partition", "notes"))
        .contains("notes/0, as broker 1 sees it\n", "\nnotes/1, as broker 1 sees it\n");
  }

  @Test
  void tellsProgramsTheSame() {
    inTrouble();
    assertThat(output("explain", "partition", "notes/0", "--output", "json"))
        .isEqualTo(
            "[{\"partition\":\"notes/0\",\"seenBy\":1,\"findings\":["
                + "{\"reason\":\"below-minimum\",\"severity\":\"broken\","
                + "\"text\":\"1 of 3 replicas is in sync, and the topic wants 2\","
                + "\"advice\":\"start brokers 2 and 3\",\"sinceMs\":1795428000000},"
                + "{\"reason\":\"led\",\"severity\":\"fine\",\"text\":\"broker 1 leads\\u001b[31m\","
                + "\"advice\":\"\",\"sinceMs\":null}]}]\n");
    assertThat(output("explain", "partition", "notes/0", "-o", "name"))
        .isEqualTo("below-minimum\nled\n");
  }

  @Test
  void explainsABroker() {
    assertThat(output("explain", "broker", "1"))
        .isEqualTo(
            """
            broker 1
            STATE  REASON  SINCE                WHAT
            fine   led     1970-01-01 00:16:40  broker 1 leads
            """);
  }

  @Test
  void saysWhatIsNotThere() {
    assertThat(CommandRun.on(cluster).exec("explain", "partition", "none/0")).isEqualTo(3);
    assertThat(CommandRun.on(cluster).exec("explain", "partition", "notes/7")).isEqualTo(3);
    CommandRun dead = CommandRun.on(cluster);
    assertThat(dead.exec("explain", "broker", "9")).isEqualTo(3);
    assertThat(dead.stderr()).isEqualTo("millrace: no broker 9 is alive; there are [1]\n");
  }

  @Test
  void aPartitionIsANumber() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("explain", "partition", "notes/x")).isEqualTo(2);
    assertThat(run.stderr()).contains("'notes/x' names no partition");
    assertThat(CommandRun.on(cluster).exec("explain", "partition", "notes/-1")).isEqualTo(2);
    assertThat(CommandRun.on(cluster).exec("explain", "partition")).isEqualTo(2);
    assertThat(CommandRun.on(cluster).exec("explain")).isEqualTo(2);
  }

  @Test
  void aClusterOutOfReachIsToldByItsExitCode() {
    cluster.broken = new BrokerUnavailableException("BUSY: broker 1 is starting");
    assertThat(CommandRun.on(cluster).exec("explain", "partition", "notes/0")).isEqualTo(7);
  }

  private String output(String... args) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec(args)).as(run.stderr()).isZero();
    return run.stdout();
  }
}
