package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cli.JsonText;
import io.millrace.client.ConsumerSettings;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ManyGroupsTest {
  private final Tasks tasks = new SystemTasks();
  private final Deliveries nothing = new Deliveries(6);

  private GroupMember member(PretendGroup group, int number) {
    return new GroupMember(
        PretendGroup.TOPIC,
        ConsumerSettings.builder("broker://none:1").groupId("g" + number).build(),
        () -> group.consumer(false),
        new GroupMember.Habits(0, true),
        nothing,
        tasks,
        "group-" + number);
  }

  @Test
  void waitsForEachGroupAndReadsNothing() {
    ManyGroups many = new ManyGroups(6, 1, tasks.clock(), () -> false);
    assertThat(many.assemble(4, i -> member(new PretendGroup(6), i))).isTrue();
    many.keep(TimeUnit.MILLISECONDS.toNanos(50));
    many.dissolve();
    JsonText json = new JsonText().beginObject();
    many.json(json);
    assertThat(json.end().toString())
        .containsPattern("\"assigned_ms\":[0-9.]+,\"each_assigned_ms\":\\{\"count\":4,")
        .contains("\"steady_requests_per_s\":0.000");
    assertThat(nothing.records()).isZero();
    assertThat(many.text()).contains("all had their partitions after ");
  }

  @Test
  void saysThatTheyNeverFormedWhenItWasInterrupted() {
    ManyGroups many = new ManyGroups(7, 1, tasks.clock(), () -> true);
    assertThat(many.assemble(1, i -> member(new PretendGroup(6), i))).isFalse();
    many.dissolve();
    JsonText json = new JsonText().beginObject();
    many.json(json);
    assertThat(json.end().toString()).contains("\"assigned_ms\":null");
  }
}
