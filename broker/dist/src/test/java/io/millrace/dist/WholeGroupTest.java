package io.millrace.dist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializers;
import io.millrace.client.OffsetReset;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.CommitRefusedException;
import io.millrace.client.errors.GroupInUseException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MemberFencedException;
import io.millrace.client.errors.UnknownPartitionException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Groups: consumers, commits and commands against a cluster in this process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class WholeGroupTest {
  private static final int SIX = 6;

  private final ServerCommandRun dev = new ServerCommandRun();
  private String cluster = "";
  private CompletableFuture<Integer> end = new CompletableFuture<>();

  @BeforeAll
  void startCluster(@TempDir Path folder) throws Exception {
    end = dev.start("dev", "--dir", folder.toString(), "--port", "0", "--zk-port", "0");
    assertThat(dev.stdout()).as(dev.stderr()).startsWith("ready cluster=");
    cluster = dev.stdout().substring("ready cluster=".length(), dev.stdout().indexOf(" brokers="));
  }

  @AfterAll
  void stopCluster() {
    dev.interrupt();
    assertThat(end.join()).isZero();
  }

  private ServerCommandRun with() {
    return new ServerCommandRun(Map.of("MILLRACE_CLUSTER", cluster));
  }

  private ServerCommandRun done(String... args) {
    ServerCommandRun run = with();
    assertThat(run.exec(args)).as(String.join(" ", args) + "\n" + run.stderr()).isZero();
    return run;
  }

  private void produce(String topic, int from, int to) {
    String lines =
        IntStream.range(from, to)
            .mapToObj(i -> "k" + i + ":" + i + "\n")
            .collect(Collectors.joining());
    ServerCommandRun run = with().input(lines.getBytes(UTF_8));
    assertThat(run.exec("produce", topic, "--key-delimiter", ":")).as(run.stderr()).isZero();
  }

  // ---- Members ---------------------------------------------------------------------------------

  private ConsumerSettings.Builder settings(String group) {
    return ConsumerSettings.builder(cluster)
        .groupId(group)
        .autoOffsetReset(OffsetReset.EARLIEST)
        .sessionTimeout(Duration.ofSeconds(6))
        .heartbeatInterval(Duration.ofMillis(500));
  }

  /** Polled by the test, in turns with others. */
  private static final class Member implements RebalanceListener, AutoCloseable {
    final Consumer<String, String> consumer;
    final List<String> values = new ArrayList<>();
    final List<TopicPartition> revoked = new ArrayList<>();
    final List<TopicPartition> lost = new ArrayList<>();

    Member(ConsumerSettings.Builder settings, String topic) {
      consumer = Consumer.create(settings.build(), Deserializers.string(), Deserializers.string());
      consumer.subscribe(List.of(topic), this);
    }

    void poll() {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(20))) {
        values.add(String.valueOf(record.value()));
      }
    }

    int share() {
      return consumer.assignment().size();
    }

    @Override
    public void onRevoked(Collection<TopicPartition> partitions) {
      revoked.addAll(partitions);
    }

    @Override
    public void onLost(Collection<TopicPartition> partitions) {
      lost.addAll(partitions);
    }

    @Override
    public void close() {
      consumer.close();
    }
  }

  /** Everybody polls until that is so; nobody may have what another one has. */
  private static void until(BooleanSupplier so, Member... members) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(limit);
      Set<TopicPartition> all = new HashSet<>();
      int sum = 0;
      for (Member each : members) {
        each.poll();
      }
      for (Member each : members) {
        all.addAll(each.consumer.assignment());
        sum += each.share();
      }
      assertThat(all).as("no partition has two readers").hasSize(sum);
    }
  }

  @Test
  void movesPartitionsToWhoComesAndBackWhenItGoesWithoutReadingTwice() {
    done("topic", "create", "moves", "--partitions", "6");
    produce("moves", 0, 300);
    List<String> second = new ArrayList<>();
    try (Member first = new Member(settings("movers"), "moves")) {
      until(() -> first.share() == SIX && first.values.size() == 300, first);
      try (Member other = new Member(settings("movers"), "moves")) {
        until(() -> first.share() == 3 && other.share() == 3, first, other);
        assertThat(first.revoked).as("only what moved").hasSize(3);
        produce("moves", 300, 600);
        until(() -> first.values.size() + other.values.size() == 600, first, other);
        assertThat(other.values).isNotEmpty();
        assertThat(done("group", "describe", "movers").stdout()).contains("stable, 2 members");
        second.addAll(other.values);
      }
      until(() -> first.share() == SIX, first);
      produce("moves", 600, 700);
      until(() -> first.values.size() + second.size() == 700, first);
      List<String> all = new ArrayList<>(first.values);
      all.addAll(second);
      assertThat(all).as("each once").doesNotHaveDuplicates().hasSize(700);
      assertThat(first.lost).isEmpty();
    }
    assertThat(done("group", "list").stdout()).containsPattern("movers +empty +0");
    String lags = done("group", "describe", "movers", "-o", "json").stdout();
    assertThat(lags).contains("\"lag\":0").doesNotContainPattern("\"lag\":[1-9]");
  }

  @Test
  void takesOverFromAMemberThatDoesNotPollAndRefusesItsCommits() {
    done("topic", "create", "stalls", "--partitions", "2");
    produce("stalls", 0, 10);
    try (Member stalled =
            new Member(
                settings("stalled").autoCommit(false).maxPollInterval(Duration.ofSeconds(2)),
                "stalls");
        Member other = new Member(settings("stalled"), "stalls")) {
      until(() -> stalled.share() == 1 && other.share() == 1, stalled, other);
      TopicPartition its = stalled.consumer.assignment().iterator().next();
      until(() -> other.share() == 2, other);
      assertThatThrownBy(() -> stalled.consumer.commitSync(Map.of(its, new CommittedOffset(1))))
          .isInstanceOf(MemberFencedException.class);
      until(() -> stalled.lost.contains(its) && stalled.share() == 1, stalled, other);
    }
  }

  @Test
  void commitsByHandOfMembersAndOfStrangers() {
    done("topic", "create", "hands", "--partitions", "1");
    produce("hands", 0, 20);
    TopicPartition only = new TopicPartition("hands", 0);
    try (Member member = new Member(settings("by-hand").autoCommit(false), "hands")) {
      until(() -> member.values.size() == 20, member);
      assertThat(member.consumer.committed(List.of(only))).isEmpty();
      member.consumer.commitSync(Map.of(only, new CommittedOffset(7, 0, "seven")));
      assertThat(member.consumer.committed(List.of(only)))
          .containsEntry(only, new CommittedOffset(7, 0, "seven"));
      assertThatThrownBy(() -> member.consumer.commitSync(Map.of(only, new CommittedOffset(21))))
          .as("B54")
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("offset 21 is beyond the end of the partition, 20");
      List<String> told = new ArrayList<>();
      member.consumer.commitAsync((offsets, e) -> told.add(offsets + " " + e));
      until(() -> !told.isEmpty(), member);
      assertThat(told.get(0)).contains("offset=20").endsWith(" null");
      try (Consumer<String, String> stranger =
          Consumer.create(
              settings("by-hand").build(), Deserializers.string(), Deserializers.string())) {
        stranger.assign(List.of(only));
        assertThatThrownBy(() -> stranger.commitSync(Map.of(only, new CommittedOffset(1))))
            .isInstanceOf(GroupInUseException.class);
      }
      assertThatThrownBy(
              () ->
                  member.consumer.commitSync(
                      Map.of(new TopicPartition("hands", 5), new CommittedOffset(1))))
          .isInstanceOf(UnknownPartitionException.class);
    }
    assertThat(with().exec("group", "delete", "nobody", "--yes")).isEqualTo(3);
    assertThat(done("group", "reset", "by-hand", "--to", "-15", "--yes").stdout())
        .containsPattern("hands +0 +20 +5");
    assertThat(done("consume", "hands", "--group", "by-hand", "--max", "3").stdout())
        .isEqualTo("5\n6\n7\n");
    assertThat(done("consume", "hands", "--group", "by-hand", "--max", "2").stdout())
        .as("only what was written is committed")
        .isEqualTo("8\n9\n");
    done("group", "delete", "by-hand", "--yes");
    assertThat(done("group", "list", "-o", "name").stdout()).doesNotContain("by-hand");
  }

  @Test
  void aStaticMemberThatComesBackMovesNobody() {
    done("topic", "create", "stays", "--partitions", "4");
    try (Member other = new Member(settings("static"), "stays")) {
      Set<TopicPartition> had = new HashSet<>();
      try (Member first = new Member(settings("static").groupInstanceId("one"), "stays")) {
        until(() -> first.share() == 2 && other.share() == 2, first, other);
        had.addAll(first.consumer.assignment());
      }
      other.revoked.clear();
      try (Member again = new Member(settings("static").groupInstanceId("one"), "stays")) {
        until(() -> again.share() == 2, again, other);
        assertThat(again.consumer.assignment()).isEqualTo(had);
        assertThat(other.revoked).isEmpty();
        assertThat(other.share()).isEqualTo(2);
      }
    }
  }

  @Test
  void refusesWhatAMemberDoesNotHold() {
    done("topic", "create", "holds", "--partitions", "2");
    try (Member first = new Member(settings("held"), "holds");
        Member other = new Member(settings("held"), "holds")) {
      until(() -> first.share() == 1 && other.share() == 1, first, other);
      TopicPartition others = other.consumer.assignment().iterator().next();
      assertThatThrownBy(() -> first.consumer.commitSync(Map.of(others, new CommittedOffset(0))))
          .isInstanceOf(CommitRefusedException.class);
    }
  }

  @Test
  void saysWhatDoesNotGoWithAGroup() {
    assertThat(with().exec("consume", "moves", "--group", "x", "--partition", "1")).isEqualTo(2);
    assertThat(with().exec("consume", "moves", "--group", "x", "--from", "17")).isEqualTo(2);
    assertThat(with().exec("consume", "nowhere-at-all", "--group", "x")).isEqualTo(3);
    assertThat(with().exec("group", "describe", "nowhere-at-all")).isEqualTo(3);
  }
}
