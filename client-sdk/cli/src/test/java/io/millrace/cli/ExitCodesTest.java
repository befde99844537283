package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.errors.NotEnoughReplicasException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.WakeupException;
import org.junit.jupiter.api.Test;

/** What a shell sees of each way a command can end; a script relies on every one of them. */
class ExitCodesTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 1);

  private int exit(String line) {
    return CommandRun.on(cluster).exec(line.split(" ", 0));
  }

  @Test
  void is0WhenItIsDone() {
    assertThat(exit("topic list")).isZero();
    assertThat(exit("--help")).isZero();
    assertThat(exit("--version")).isZero();
    assertThat(exit("topic create --help")).isZero();
  }

  @Test
  void is1WhenTheOperationFailed() {
    cluster.broken = new NotEnoughReplicasException("one replica is all there is");
    assertThat(exit("topic create a --replicas 2")).isEqualTo(1);
  }

  @Test
  void is2AtWrongUsage() {
    assertThat(exit("topic create")).isEqualTo(2);
    assertThat(exit("")).isEqualTo(2);
  }

  @Test
  void is3WhenWhatIsNamedIsNotThere() {
    assertThat(exit("topic describe nothing")).isEqualTo(3);
    assertThat(exit("topic delete nothing --yes")).isEqualTo(3);
    assertThat(exit("topic alter nothing --set a=b")).isEqualTo(3);
    assertThat(exit("topic trim nothing --before 1 --yes")).isEqualTo(3);
    assertThat(exit("topic compact nothing --now")).isEqualTo(3);
    assertThat(exit("produce nothing")).isEqualTo(3);
    assertThat(exit("consume nothing")).isEqualTo(3);
    assertThat(exit("consume notes --partition 1")).isEqualTo(3);
    assertThat(exit("produce notes no/such/file")).isEqualTo(3);
    assertThat(exit("bench consume nothing")).isEqualTo(3);
    assertThat(exit("bench check --ledger no/such/file")).isEqualTo(3);
    assertThat(exit("cluster --settings 7")).isEqualTo(3);
  }

  @Test
  void is4WhenItExists() {
    assertThat(exit("topic create notes")).isEqualTo(4);
  }

  @Test
  void is5WhenTheOutcomeIsUnknown() {
    cluster.broken = new OutcomeUnknownException("no answer");
    assertThat(exit("topic create a")).isEqualTo(5);
    assertThat(exit("topic delete notes --yes")).isEqualTo(5);
  }

  @Test
  void is6WhenItIsNotAllowed() {
    cluster.broken = new NotAuthorisedException("no");
    assertThat(exit("topic list")).isEqualTo(6);
  }

  @Test
  void is7WhenTheClusterCannotBeReached() {
    cluster.broken = new ClusterUnreachableException("nobody answers");
    for (String command :
        new String[] {
          "topic list",
          "topic create a",
          "topic trim notes --before 1 --yes",
          "topic compact notes --now",
          "cluster",
          "produce notes",
          "consume notes",
          "bench produce notes",
          "bench consume notes",
          "bench latency notes",
          "bench probe notes"
        }) {
      assertThat(exit(command)).as(command).isEqualTo(7);
    }
  }

  @Test
  void is130WhenItIsInterrupted() {
    cluster.broken = new WakeupException("interrupted");
    CommandRun run = CommandRun.on(cluster);
    run.interrupts.interrupt();
    assertThat(run.exec("topic", "list")).isEqualTo(130);
    assertThat(run.stderr()).isEmpty();
  }
}
