package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.cli.CommandFailedException;
import io.millrace.client.ConsumerSettings;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupRunTest {
  private static final long SESSION_NANOS = PretendGroup.session().toNanos();
  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final PretendGroup group = new PretendGroup(12);
  private final Deliveries deliveries = new Deliveries(12);
  private final Tasks tasks = new SystemTasks();
  private final PretendBrokers brokers = new PretendBrokers();
  private final List<String> heard = new ArrayList<>();
  private int hired;
  private final GroupRun run =
      new GroupRun(
          brokers,
          deliveries,
          this::member,
          new GroupRun.Times(SESSION_NANOS, SHORT_NANOS, SHORT_NANOS),
          tasks.clock(),
          () -> false);

  /**
   * Two, which both store the first four partitions and lead every other one; a drained one leads
   * nothing.
   */
  private static final class PretendBrokers implements GroupCluster {
    final List<String> asked = new ArrayList<>();
    private int drained = -1;

    @Override
    public Map<Integer, Integer> leaders() {
      Map<Integer, Integer> leaders = new HashMap<>();
      for (int i = 0; i < 12; i++) {
        leaders.put(i, drained < 0 ? i % 2 : 1 - drained);
      }
      return leaders;
    }

    @Override
    public Set<Integer> storedBy(int broker) {
      return leaders().entrySet().stream()
          .filter(each -> each.getKey() < 4 || each.getValue() == broker)
          .map(Map.Entry::getKey)
          .collect(Collectors.toSet());
    }

    @Override
    public int coordinator() {
      return 1;
    }

    @Override
    public void drain(int broker) {
      drained = broker;
      asked.add("drain " + broker);
    }

    @Override
    public void cancelDrain(int broker) {
      asked.add("cancel " + broker);
    }
  }

  private void hear(GroupEvent event, int coordinator) {
    heard.add(event.label() + " " + coordinator);
  }

  private GroupMember member(boolean isStatic) {
    ConsumerSettings.Builder settings = ConsumerSettings.builder("broker://none:1").groupId("g");
    if (isStatic) {
      settings.groupInstanceId("m" + hired);
    }
    return new GroupMember(
        PretendGroup.TOPIC,
        settings.build(),
        () -> group.consumer(isStatic),
        new GroupMember.Habits(TimeUnit.MILLISECONDS.toNanos(5), false),
        deliveries,
        tasks,
        "member-" + hired++);
  }

  @AfterEach
  void dissolve() {
    run.dissolve();
  }

  @Test
  void tellsPartitionsThatMovedFromThoseThatStayed() throws Exception {
    assertThat(run.assemble(3, 0)).isPositive();
    EventOutcome joined = run.perform(GroupEvent.JOIN, this::hear);
    assertThat(joined.isSettled()).isTrue();
    assertThat(joined.members()).isEqualTo(4);
    assertThat(joined.movedCount()).isEqualTo(3);
    assertThat(joined.untouched().count()).isEqualTo(9);
    assertThat(joined.ofMembers().count()).as("without the new one").isEqualTo(3);
    assertThat(joined.ofCommits().count()).isEqualTo(3);
    assertThat(joined.firstRecordNanos()).isPositive();
    EventOutcome left = run.perform(GroupEvent.LEAVE, this::hear);
    assertThat(left.movedCount()).isEqualTo(3);
    assertThat(left.members()).isEqualTo(3);
    assertThat(left.firstRecordNanos()).isNegative();
    assertThat(deliveries.missed()).isZero();
  }

  @Test
  void whatALostMemberHeldIsStillUntilItsSessionEnds() throws Exception {
    run.assemble(3, 1);
    EventOutcome lost = run.perform(GroupEvent.LOSE, this::hear);
    assertThat(lost.isSettled()).isTrue();
    assertThat(lost.movedCount()).isEqualTo(4);
    assertThat(lost.untouched().count()).isEqualTo(8);
    assertThat(lost.moved().medianNanos())
        .as("40 looks of 2 members at 2 ms each")
        .isGreaterThan(TimeUnit.MILLISECONDS.toNanos(20));
    assertThatThrownBy(() -> run.perform(GroupEvent.LOSE, this::hear))
        .as("the others have no name of their own")
        .isInstanceOf(CommandFailedException.class);
  }

  @Test
  void partitionsWhoseLeaderChangedAreNotCountedAsUntouched() throws Exception {
    run.assemble(2, 0);
    EventOutcome drained = run.perform(GroupEvent.DRAIN, this::hear);
    assertThat(brokers.asked).containsExactly("drain 1", "cancel 1");
    assertThat(drained.ledElsewhere().count()).isEqualTo(6);
    assertThat(drained.untouched().count()).isEqualTo(6);
    assertThat(drained.apart().count())
        .as("without 0 and 2, which both brokers store")
        .isEqualTo(4);
    assertThat(drained.movedCount()).isZero();
    EventOutcome watched = run.perform(GroupEvent.WATCH, this::hear);
    assertThat(watched.settledNanos()).isGreaterThanOrEqualTo(SHORT_NANOS);
    assertThat(heard).containsExactly("drain -1", "watch 1");
  }

  @Test
  void whatAScriptDoesOnHearingOfAnEventFallsIntoIt() throws Exception {
    run.assemble(2, 0);
    EventOutcome watched =
        run.perform(GroupEvent.WATCH, (event, coordinator) -> brokers.drain(coordinator));
    assertThat(brokers.asked).containsExactly("drain 1");
    assertThat(watched.ledElsewhere().count()).isEqualTo(6);
  }
}
