package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMemberDescription;
import io.millrace.client.GroupProgress;
import io.millrace.client.GroupState;
import io.millrace.client.TopicPartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("group list, describe and reset")
class GroupCommandsTest {
  private static final TopicPartition ZERO = new TopicPartition("orders", 0);
  private static final TopicPartition ONE = new TopicPartition("orders", 1);

  private final PretendCluster cluster = new PretendCluster().with("orders", 2);

  /** Ten records in partition 0, a second apart; none in 1. */
  @BeforeEach
  void fill() {
    for (int i = 0; i < 10; i++) {
      cluster
          .partition("orders", 0)
          .add(
              new ConsumerRecord<>(
                  ZERO, i, 1_000L * i, null, ByteBuffer.wrap(new byte[] {1}), List.of()));
    }
  }

  private static GroupProgress progress(
      TopicPartition at, long committed, Duration waiting, boolean isStuck) {
    return new GroupProgress(
        at,
        isStuck ? Optional.of("m-1") : Optional.empty(),
        OptionalLong.of(committed),
        OptionalLong.of(0),
        OptionalLong.of(10),
        Optional.of(waiting),
        Optional.of(Duration.ofMinutes(7)),
        isStuck,
        "");
  }

  private void group(boolean hasMember) {
    Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
    offsets.put(ZERO, new CommittedOffset(4));
    cluster.groups.put(
        "billing",
        new GroupDescription(
            "billing",
            hasMember ? GroupState.STABLE : GroupState.EMPTY,
            3,
            hasMember
                ? List.of(
                    new GroupMemberDescription(
                        "m-1",
                        Optional.of("pod-1"),
                        "billing-app",
                        "10.0.0.7",
                        3,
                        Set.of("orders"),
                        Set.of(ZERO),
                        Set.of(),
                        Set.of(ZERO),
                        Duration.ofSeconds(45),
                        Duration.ofMillis(1_500)))
                : List.of(),
            offsets,
            List.of(progress(ZERO, 4, Duration.ofSeconds(400), hasMember)),
            ""));
  }

  private CommandRun run(int exitCode, String... args) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec(args)).as(run.stderr()).isEqualTo(exitCode);
    return run;
  }

  // ---- Looking
  // -----------------------------------------------------------------------------------

  @Test
  void listsGroupsInEachFormat() {
    group(true);
    assertThat(run(0, "group", "list").stdout())
        .isEqualTo("GROUP    STATE   MEMBERS\nbilling  stable        1\n");
    assertThat(run(0, "group", "list", "-o", "json").stdout())
        .isEqualTo("[{\"group\":\"billing\",\"state\":\"stable\",\"members\":1}]\n");
    assertThat(run(0, "group", "list", "-o", "name").stdout()).isEqualTo("billing\n");
  }

  @Test
  void describesHowFarAGroupIsBehindInRecordsAndSecondsAndWhereItIsStuck() {
    group(true);
    String table = run(0, "group", "describe", "billing").stdout();
    assertThat(table).startsWith("group billing: stable, 1 member, epoch 3\n");
    assertThat(table).containsPattern("m-1 +billing-app \\(pod-1\\) +10.0.0.7 +3 +1 +1 +1\\.5");
    assertThat(table)
        .containsPattern("TOPIC +PARTITION +COMMITTED +END +LAG +BEHIND +STATE +MEMBER");
    assertThat(table).containsPattern("orders +0 +4 +10 +6 +400[^ ]* s +STUCK +m-1");
  }

  @Test
  void saysTheSameToPrograms() {
    group(true);
    assertThat(run(0, "group", "describe", "billing", "-o", "json").stdout())
        .contains("\"group\":\"billing\",\"state\":\"stable\",\"epoch\":3,\"alarm\":\"\"")
        .contains("\"instance\":\"pod-1\"")
        .contains(
            "{\"topic\":\"orders\",\"partition\":0,\"member\":\"m-1\",\"stuck\":true,"
                + "\"committed\":4,\"start\":0,\"end\":10,\"lag\":6,\"lagMillis\":400000,"
                + "\"stillMillis\":420000}");
  }

  @Test
  void saysWhyALagIsUnknown() {
    group(false);
    GroupDescription known = Objects.requireNonNull(cluster.groups.get("billing"));
    cluster.groups.put(
        "billing",
        new GroupDescription(
            "billing",
            GroupState.EMPTY,
            3,
            List.of(),
            known.offsets(),
            List.of(
                new GroupProgress(
                    ZERO,
                    Optional.empty(),
                    OptionalLong.of(4),
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    "broker 2 is not live")),
            "the assignor failed"));
    assertThat(run(0, "group", "describe", "billing").stdout())
        .contains("ALARM: the assignor failed\n")
        .containsPattern("orders +0 +4 +- +- +- +unread +-")
        .contains("orders/0: broker 2 is not live\n");
  }

  @Test
  void endsWithThreeWhereThereIsNoSuchGroup() {
    assertThat(run(3, "group", "describe", "nobody").stderr()).contains("there is no group nobody");
  }

  // ---- Resetting
  // ---------------------------------------------------------------------------------

  @ParameterizedTest(name = "--to {0} is {1}")
  @CsvSource({
    "earliest, 0",
    "latest, 10",
    "7, 7",
    "99, 10",
    "+3, 7",
    "-3, 1",
    "-99, 0",
    "1970-01-01T00:00:05Z, 5",
    "2099-01-01T00:00:00Z, 10",
  })
  void movesAGroupToWhereItIsToldAndNeverBeyondThePartition(String where, long offset) {
    group(false);
    run(0, "group", "reset", "billing", "--to", where, "--yes");
    assertThat(cluster.resets.get("billing")).isEqualTo(Map.of(ZERO, new CommittedOffset(offset)));
  }

  @Test
  void showsOnADryRunWhatItWouldDoAndDoesNothing() {
    group(true);
    CommandRun run = run(0, "group", "reset", "billing", "--to", "latest", "--dry-run");
    assertThat(run.stdout()).containsPattern("orders +0 +4 +10");
    assertThat(run.stderr())
        .isEqualTo("nothing was changed; before it is, the group's 1 member must be stopped\n");
    assertThat(cluster.resets).isEmpty();
  }

  @Test
  void refusesWhileTheGroupHasMembers() {
    group(true);
    assertThat(run(4, "group", "reset", "billing", "--to", "latest", "--yes").stderr())
        .contains("group billing has 1 member: stop them first");
    assertThat(cluster.resets).isEmpty();
  }

  @Test
  void asksBeforeItChangesAnything() {
    group(false);
    assertThat(run(2, "group", "reset", "billing", "--to", "latest").stderr()).contains("--yes");
    CommandRun no = CommandRun.on(cluster).atTerminal().input("n\n");
    assertThat(no.exec("group", "reset", "billing", "--to", "latest")).isEqualTo(1);
    assertThat(no.stderr()).contains("Have group billing go on there?");
    assertThat(cluster.resets).isEmpty();
  }

  @Test
  void makesAGroupForATopicThatIsNamed() {
    CommandRun run =
        run(
            0,
            "group",
            "reset",
            "fresh",
            "--topic",
            "orders",
            "--partition",
            "1",
            "--to",
            "earliest",
            "--yes",
            "-o",
            "json");
    assertThat(run.stdout()).isEqualTo("[{\"topic\":\"orders\",\"partition\":1,\"new\":0}]\n");
    assertThat(cluster.resets.get("fresh")).containsOnlyKeys(ONE);
    assertThat(run(3, "group", "reset", "nobody", "--to", "latest", "--yes").stderr())
        .contains("there is no group nobody");
  }

  @Test
  void saysWhatAPointMayBe() {
    assertThat(run(2, "group", "reset", "g", "--to", "yesterday-ish", "--yes").stderr())
        .contains("'yesterday-ish' is none of");
  }
}
