package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.CompactResult;
import io.millrace.client.ElectionResult;
import io.millrace.client.TopicChange;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.InvalidRequestException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TopicCommandsTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 2).with("orders", 11);

  @Test
  void createsATopicOnce() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "create", "new", "--partitions", "3", "--set", "a=b")).isZero();
    assertThat(run.stdout())
        .isEqualTo("created new with 3 partitions and 1 replica each, id new~id\n");
    CommandRun again = CommandRun.on(cluster);
    assertThat(again.exec("topic", "create", "new")).isEqualTo(4);
    assertThat(again.stderr()).isEqualTo("millrace: topic new exists\n");
  }

  @Test
  void listsTopicsForPeopleForProgramsAndForTheShell() {
    assertThat(output("topic", "list"))
        .isEqualTo(
            """
            TOPIC   PARTITIONS  REPLICAS  ID
            notes            2         1  notes~id
            orders          11         1  orders~id
            """);
    assertThat(output("topic", "list", "--output", "name")).isEqualTo("notes\norders\n");
    assertThat(output("topic", "list", "-o", "json"))
        .isEqualTo(
            "[{\"name\":\"notes\",\"id\":\"notes~id\",\"partitions\":2,\"replicas\":1},"
                + "{\"name\":\"orders\",\"id\":\"orders~id\",\"partitions\":11,\"replicas\":1}]\n");
  }

  @Test
  void describesTopics() {
    cluster.offline = 1;
    assertThat(output("topic", "describe", "notes"))
        .isEqualTo(
            """
            topic notes  id notes~id  1 replica each
            PARTITION  LEADER  EPOCH  REPLICAS  IN SYNC  ELIGIBLE  LAST CHANGE
                    0  1           3         1        1         -            -
                    1  none        3         1        1         -            -

            SETTING       VALUE      FROM     DEFAULT
            durability    leader     topic    standard
            retention.ms  604800000  default
            """);
    assertThat(output("topic", "describe", "notes", "-o", "name")).isEqualTo("notes/0\nnotes/1\n");
    assertThat(output("topic", "describe", "notes", "-o", "JSON"))
        .isEqualTo(
            "[{\"name\":\"notes\",\"id\":\"notes~id\",\"replicas\":1,"
                + "\"settings\":["
                + "{\"key\":\"durability\",\"value\":\"leader\",\"source\":\"topic\","
                + "\"default\":\"standard\",\"allowed\":\"none to synced\","
                + "\"about\":\"what an acknowledgement means\",\"dynamic\":true},"
                + "{\"key\":\"retention.ms\",\"value\":\"604800000\",\"source\":\"default\","
                + "\"default\":\"604800000\",\"allowed\":\"ms\","
                + "\"about\":\"how long records stay\",\"dynamic\":true}],\"partitions\":["
                + "{\"partition\":0,\"leader\":1,\"epoch\":3,\"replicas\":[1],\"inSync\":[1],"
                + "\"eligible\":[],\"lastChange\":\"\",\"possibleLoss\":\"\"},"
                + "{\"partition\":1,\"leader\":null,\"epoch\":3,\"replicas\":[1],\"inSync\":[1],"
                + "\"eligible\":[],\"lastChange\":\"\",\"possibleLoss\":\"\"}"
                + "]}]\n");
    assertThat(CommandRun.on(cluster).exec("topic", "describe", "notes", "none")).isEqualTo(3);
  }

  @Test
  void describesTopicsOfABrokerThatCannotTellTheirSettings() {
    cluster.describesSettings = false;
    assertThat(output("topic", "describe", "notes")).contains("durability  leader  topic");
  }

  @Test
  void showsWhatABrokerRunsWith() {
    assertThat(output("cluster", "--settings", "1"))
        .isEqualTo(
            """
            SETTING       VALUE      FROM     DEFAULT
            durability    leader     topic    standard
            retention.ms  604800000  default
            """);
    assertThat(output("cluster", "--settings", "1", "-o", "name"))
        .isEqualTo("durability\nretention.ms\n");
    assertThat(output("cluster", "--settings", "1", "-o", "json"))
        .startsWith("[{\"key\":\"durability\",");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("cluster", "--settings", "2")).isEqualTo(3);
    assertThat(run.stderr()).isEqualTo("millrace: no broker 2 is alive; there are [1]\n");
  }

  @Test
  void altersSettingsWithoutAsking() {
    assertThat(output("topic", "alter", "notes", "--set", "retention.ms=1000", "--unset", "a,b"))
        .isEqualTo(
            "altered notes: retention.ms=1000, a is the default again, b is the default again\n");
    assertThat(cluster.changes)
        .containsExactly(TopicChange.of("notes").set("retention.ms", "1000").unset("a").unset("b"));
  }

  @Test
  void addsPartitionsOnlyAfterTheWarningThatKeysMoveAndAYes() {
    CommandRun declined = CommandRun.on(cluster).input("n\n").atTerminal();
    assertThat(declined.exec("topic", "alter", "notes", "--partitions", "4")).isEqualTo(1);
    assertThat(declined.stderr())
        .startsWith("WARNING: keys move.")
        .contains("Give topic notes 4 partitions? [y/N] ")
        .endsWith("millrace: nothing was changed\n");
    assertThat(cluster.partitions("notes")).hasSize(2);
    assertThat(CommandRun.on(cluster).exec("topic", "alter", "notes", "--partitions", "4"))
        .isEqualTo(2);
    assertThat(cluster.partitions("notes")).hasSize(2);

    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "alter", "notes", "--partitions", "4", "--yes")).isZero();
    assertThat(run.stdout()).isEqualTo("altered notes: 4 partitions\n");
    assertThat(run.stderr()).startsWith("WARNING: keys move.");
    assertThat(cluster.partitions("notes")).hasSize(4);
    // The topic that was checked, not another that has its name by then.
    assertThat(cluster.changes.get(cluster.changes.size() - 1).topicId()).contains("notes~id");
  }

  @Test
  void givesATopicMoreReplicasAndNothingElseWithThat() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "alter", "notes", "--replicas", "3")).isZero();
    assertThat(run.stdout())
        .isEqualTo(
            "altered notes: each partition has 3 replicas now, and the new ones copy what there"
                + " is\n");
    assertThat(cluster.changes).containsExactly(TopicChange.of("notes").withReplicas(3));
    CommandRun both = CommandRun.on(cluster);
    assertThat(both.exec("topic", "alter", "notes", "--replicas", "3", "--set", "a=1"))
        .isEqualTo(2);
    assertThat(both.stderr()).contains("--replicas goes without other changes");
    assertThat(cluster.changes).hasSize(1);
  }

  @Test
  void b61_asksNobodyAboutAChangeThatTheClusterWouldRefuse() {
    CommandRun run = CommandRun.on(cluster).atTerminal();
    assertThat(run.exec("topic", "alter", "notes", "--partitions", "1")).isEqualTo(2);
    assertThat(run.stderr()).isEqualTo("millrace: partitions can only be added\n");
  }

  @Test
  void trimsAllPartitionsOrSomeBeforeAnOffsetATimeOrTheEnd() {
    fill("notes");
    CommandRun asked = CommandRun.on(cluster).input("y\n").atTerminal();
    assertThat(asked.exec("topic", "trim", "notes", "--before", "2", "--partition", "0")).isZero();
    assertThat(asked.stderr())
        .isEqualTo("Delete 2 records, the oldest of 1 partition in topic notes, for ever? [y/N] ");
    assertThat(asked.stdout()).isEqualTo("notes/0 begins at offset 2, before at 0\n");
    // The third record is of 1,002 ms.
    assertThat(output("topic", "trim", "notes", "--before", "@1003", "--yes"))
        .isEqualTo(
            "notes/0 begins at offset 3, before at 2\nnotes/1 begins at offset 0, before at 0\n");
    assertThat(output("topic", "trim", "notes", "--before", "@99999", "--yes"))
        .startsWith("notes/0 begins at offset 5, before at 3\n");
    fill("orders");
    assertThat(output("topic", "trim", "orders", "--before", "high-watermark", "--yes"))
        .startsWith("orders/0 begins at offset 5, before at 0\n");
  }

  @Test
  void trimsNothingUnasked() {
    fill("notes");
    CommandRun nobody = CommandRun.on(cluster);
    assertThat(nobody.exec("topic", "trim", "notes", "--before", "3")).isEqualTo(2);
    CommandRun declined = CommandRun.on(cluster).input("\n").atTerminal();
    assertThat(declined.exec("topic", "trim", "notes", "--before", "3")).isEqualTo(1);
    assertThat(declined.stderr()).endsWith("millrace: nothing was deleted\n");
    assertThat(output("topic", "trim", "notes", "--before", "0"))
        .isEqualTo("there is nothing to delete before that\n");
    assertThat(cluster.starts).isEmpty();
  }

  @Test
  void tellsWhichPartitionsWereNotTrimmedAndWhy() {
    fill("notes");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "trim", "notes", "--before", "3", "--yes")).isEqualTo(2);
    assertThat(run.stdout()).isEqualTo("notes/0 begins at offset 3, before at 0\n");
    assertThat(run.stderr()).isEqualTo("millrace: notes/1 was not trimmed: the end is 0\n");
    assertThat(
            CommandRun.on(cluster)
                .exec("topic", "trim", "notes", "--before", "1", "--partition", "2", "--yes"))
        .isEqualTo(3);
  }

  private void fill(String topic) {
    cluster.wallMillis = 1_000;
    CommandRun.on(cluster).input("a\nb\nc\nd\ne\n").exec("produce", topic);
  }

  @Test
  void compactsOnEveryBrokerAndTellsWhatCameOfItAndWhyNot() {
    TopicPartition notes = new TopicPartition("notes", 1);
    cluster.compactResults.add(
        new CompactResult.Compacted(
            notes,
            1,
            40_000,
            39_000,
            new CompactResult.Files(12, 3 << 20),
            new CompactResult.Files(1, 90_000)));
    cluster.compactResults.add(
        new CompactResult.Failed(
            notes, 2, new BrokerUnavailableException("broker 2 is not among the live brokers")));
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "compact", "notes", "--now", "--partition", "1")).isEqualTo(7);
    assertThat(run.stdout())
        .isEqualTo(
            """
            PARTITION  BROKER  DROPPED  FILES    SIZE                 COMPACTED TO
            notes/1         1   39,000  12 -> 1  3.0 MiB -> 87.9 KiB        40,000
            """);
    assertThat(run.stderr())
        .isEqualTo(
            "millrace: notes/1 on broker 2 was not compacted: broker 2 is not among the live"
                + " brokers\n");
    assertThat(cluster.compactedPartitions).containsExactly(1);
    CommandRun json = CommandRun.on(cluster);
    json.exec("topic", "compact", "notes", "--now", "-o", "json");
    assertThat(json.stdout())
        .isEqualTo(
            "[{\"topic\":\"notes\",\"partition\":1,\"broker\":1,\"compactedTo\":40000,"
                + "\"droppedRecords\":39000,\"filesBefore\":12,\"filesAfter\":1,"
                + "\"bytesBefore\":3145728,\"bytesAfter\":90000}]\n");
  }

  @Test
  void deletesOnlyWhatAPersonAtATerminalConfirms() {
    for (String no : new String[] {"n\n", "\n", "", "yes please\n"}) {
      CommandRun run = CommandRun.on(cluster).input(no).atTerminal();
      assertThat(run.exec("topic", "delete", "notes")).isEqualTo(1);
      assertThat(run.stderr()).startsWith("Delete topic notes with all records? [y/N] ");
      assertThat(cluster.topics).containsKey("notes");
    }
    CommandRun run = CommandRun.on(cluster).input("Y\n").atTerminal();
    assertThat(run.exec("topic", "delete", "notes")).isZero();
    assertThat(run.stdout()).isEqualTo("deleted notes, id notes~id\n");
    assertThat(cluster.topics).containsOnlyKeys("orders");
  }

  @Test
  void deletesNothingUnaskedWithoutYes() {
    CommandRun run = CommandRun.on(cluster).input("y\n");
    assertThat(run.exec("topic", "delete", "notes", "orders")).isEqualTo(2);
    assertThat(run.stderr())
        .isEqualTo(
            "millrace: Delete 2 topics with all records? Nobody is there to ask; say --yes\n");
    assertThat(cluster.topics).hasSize(2);
    assertThat(CommandRun.on(cluster).exec("topic", "delete", "notes", "orders", "--yes")).isZero();
    assertThat(cluster.topics).isEmpty();
  }

  @Test
  void showsTheClusterWithALineOnItsHealth() {
    assertThat(output("cluster"))
        .isEqualTo(
            """
            cluster c1
            BROKER  ADDRESS         LEADS  RACK  VERSION  LIFE
                 1  127.0.0.1:7272      4     -  0.1.0       5
            healthy: 1 broker, 2 topics, 13 partitions, 0 offline, 0 below minimum, 0 under-replicated
            """);
    cluster.offline = 2;
    assertThat(output("cluster"))
        .contains("UNHEALTHY: ", "2 offline")
        .endsWith("offline: notes/0 notes/1 orders/9 orders/10\n");
    assertThat(output("cluster", "-o", "name")).isEqualTo("1\n");
    assertThat(output("cluster", "-o", "json"))
        .startsWith("{\"clusterId\":\"c1\",\"formatVersion\":1,\"brokers\":[{\"id\":1,")
        .endsWith(
            "\"offlinePartitions\":[\"notes/0\",\"notes/1\",\"orders/9\",\"orders/10\"],\"belowMinimumPartitions\":[],\"underReplicatedPartitions\":[],\"withoutZooKeeper\":false}\n");
  }

  @Test
  void coloursHeadingsOnATerminalUnlessDeclined() {
    CommandRun coloured = CommandRun.on(cluster).atTerminal();
    coloured.exec("topic", "list");
    assertThat(coloured.stdout()).startsWith("\u001b[1mTOPIC");
    CommandRun declined = CommandRun.on(cluster).atTerminal();
    declined.environment.put("NO_COLOR", "1");
    declined.exec("topic", "list");
    assertThat(declined.stdout()).startsWith("TOPIC");
  }

  private String output(String... args) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec(args)).isZero();
    assertThat(run.stderr()).isEmpty();
    return run.stdout();
  }

  @Test
  void describeTellsTheLastChangeAndWhatMayBeLost() {
    cluster.replicas = List.of(1, 2, 3);
    cluster.inSync = List.of(1);
    cluster.eligible = List.of(2);
    cluster.lastChange = "broker 1 at 2026-11-22T10:00:00Z: broker 2 is gone";
    cluster.possibleLoss = "unclean election in epoch 3";
    assertThat(output("topic", "describe", "notes"))
        .startsWith(
            """
            topic notes  id notes~id  3 replicas each
            PARTITION  LEADER  EPOCH  REPLICAS  IN SYNC  ELIGIBLE  LAST CHANGE
                    0       1      3     1,2,3        1         2  broker 1 at 2026-11-22T10:00:00Z: broker 2 is gone
                    1       1      3     1,2,3        1         2  broker 1 at 2026-11-22T10:00:00Z: broker 2 is gone
            POSSIBLE LOSS in notes/0: unclean election in epoch 3
            POSSIBLE LOSS in notes/1: unclean election in epoch 3
            """);
    assertThat(output("topic", "describe", "notes", "-o", "json"))
        .contains(
            "\"inSync\":[1],\"eligible\":[2],\"lastChange\":\"broker 1 at",
            "\"possibleLoss\":\"unclean election in epoch 3\"}");
  }

  // ---- Health ----------------------------------------------------------------------------------

  @Test
  void namesPartitionsBelowTheirMinimumApartFromThoseThatOnlyLackAReplica() {
    cluster.replicas = List.of(1, 2, 3);
    cluster.belowMinimum = 13;
    CommandRun below = CommandRun.on(cluster);
    assertThat(below.exec("cluster")).isZero();
    assertThat(below.stdout())
        .contains("UNHEALTHY: 1 broker, 2 topics, 13 partitions, 0 offline, 13 below minimum")
        .contains("\nbelow minimum: notes/0 notes/1 orders/0")
        .doesNotContain("\nunder-replicated:");
    cluster.minInSync = 1; // as the topics set it
    cluster.belowMinimum = 0;
    assertThat(output("cluster"))
        .contains("0 below minimum, 13 under-replicated")
        .contains("\nunder-replicated: notes/0 notes/1")
        .doesNotContain("\nbelow minimum:");
  }

  // ---- Electing --------------------------------------------------------------------------------

  @Test
  void electsPreferredLeadersWithoutAsking() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "elect", "notes", "--preferred")).isZero();
    assertThat(run.stdout())
        .isEqualTo(
            """
            notes/0: broker 1 leads in epoch 4: broker 1 was elected
            notes/1: broker 1 leads in epoch 4: broker 1 was elected
            """);
    assertThat(cluster.elections).containsExactly("notes [0, 1] PREFERRED");
  }

  @Test
  void asksBeforeAnUncleanElection() {
    CommandRun nobodyThere = CommandRun.on(cluster);
    assertThat(nobodyThere.exec("topic", "elect", "notes", "--unclean", "--partition", "1"))
        .isEqualTo(2);
    CommandRun no = CommandRun.on(cluster).atTerminal().input("n\n");
    assertThat(no.exec("topic", "elect", "notes", "--unclean", "--partition", "1")).isEqualTo(1);
    assertThat(no.stderr()).contains("lose the records", "nobody was elected");
    assertThat(cluster.elections).isEmpty();
    CommandRun yes = CommandRun.on(cluster);
    assertThat(yes.exec("topic", "elect", "notes", "--unclean", "--partition", "1", "-y")).isZero();
    assertThat(cluster.elections).containsExactly("notes [1] UNCLEAN");
  }

  @Test
  void electionsFailOneByOne() {
    cluster.elected =
        new ElectionResult.Failed(
            new InvalidRequestException("notes/0: INVALID_REQUEST: broker 1 leads it"));
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "elect", "notes", "--unclean", "--partition", "0", "--yes"))
        .isEqualTo(2);
    assertThat(run.stderr()).isEqualTo("millrace: notes/0: broker 1 leads it\n");
  }

  @Test
  void anElectionIsOfOneKind() {
    CommandRun none = CommandRun.on(cluster);
    assertThat(none.exec("topic", "elect", "notes")).isEqualTo(2);
    CommandRun both = CommandRun.on(cluster);
    assertThat(both.exec("topic", "elect", "notes", "--unclean", "--preferred")).isEqualTo(2);
    for (CommandRun run : List.of(none, both)) {
      assertThat(run.stderr())
          .startsWith("millrace: ")
          .contains("--preferred", "--unclean")
          .doesNotContain("Error");
    }
    assertThat(CommandRun.on(cluster).exec("topic", "elect", "none", "--preferred")).isEqualTo(3);
    assertThat(
            CommandRun.on(cluster)
                .exec("topic", "elect", "notes", "--preferred", "--partition", "2"))
        .isEqualTo(3);
  }
}
