package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
            durability=leader
            PARTITION  LEADER  EPOCH  REPLICAS  IN SYNC
                    0  1           3         1        1
                    1  none        3         1        1
            """);
    assertThat(output("topic", "describe", "notes", "-o", "name")).isEqualTo("notes/0\nnotes/1\n");
    assertThat(output("topic", "describe", "notes", "-o", "JSON"))
        .isEqualTo(
            "[{\"name\":\"notes\",\"id\":\"notes~id\",\"replicas\":1,"
                + "\"settings\":{\"durability\":\"leader\"},\"partitions\":["
                + "{\"partition\":0,\"leader\":1,\"epoch\":3,\"replicas\":[1],\"inSync\":[1]},"
                + "{\"partition\":1,\"leader\":null,\"epoch\":3,\"replicas\":[1],\"inSync\":[1]}"
                + "]}]\n");
    assertThat(CommandRun.on(cluster).exec("topic", "describe", "notes", "none")).isEqualTo(3);
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
            healthy: 1 broker, 2 topics, 13 partitions, 0 offline, 0 under-replicated
            """);
    cluster.offline = 2;
    assertThat(output("cluster"))
        .contains("UNHEALTHY: ", "2 offline")
        .endsWith("offline: notes/0 notes/1 orders/9 orders/10\n");
    assertThat(output("cluster", "-o", "name")).isEqualTo("1\n");
    assertThat(output("cluster", "-o", "json"))
        .startsWith("{\"clusterId\":\"c1\",\"formatVersion\":1,\"brokers\":[{\"id\":1,")
        .endsWith(
            "\"offlinePartitions\":[\"notes/0\",\"notes/1\",\"orders/9\",\"orders/10\"],"
                + "\"underReplicatedPartitions\":[]}\n");
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
}
