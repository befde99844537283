package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.TimedOutException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a person is told who waits for a cluster that has gone. */
class WatchesTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 1);
  private final CommandRun run = CommandRun.on(cluster);

  @Test
  void aProducerThatHearsNothingSaysSoOnceAndWhenItIsOver() {
    run.nanosPerLook = 1_000_000_000;
    AtomicLong ended = new AtomicLong(3);
    Surroundings surroundings = run.surroundings();
    StallWatch watch =
        new StallWatch(
            surroundings, () -> 10, ended::get, surroundings.tasks().worker("never-used"));
    for (int second = 0; second < 20; second++) {
      watch.look();
    }
    assertThat(run.stderr())
        .isEqualTo(
            "no acknowledgement for 5 s, 7 records waiting; still trying, Ctrl-C gives up\n");
    ended.set(10);
    watch.look();
    watch.close();
    assertThat(run.stderr().lines()).hasSize(2).last().isEqualTo("acknowledgements come again");
  }

  @Test
  void aProducerThatWaitsForInputIsNotStalled() {
    run.nanosPerLook = 1_000_000_000;
    Surroundings surroundings = run.surroundings();
    StallWatch watch =
        new StallWatch(surroundings, () -> 10, () -> 10, surroundings.tasks().worker("unused"));
    for (int second = 0; second < 20; second++) {
      watch.look();
    }
    watch.close();
    assertThat(run.stderr()).isEmpty();
  }

  @Test
  void aConsumerTellsNoRecordsFromNoCluster() {
    run.nanosPerLook = 1_000_000_000;
    PretendConsumer consumer = new PretendConsumer(cluster);
    consumer.assign(List.of(new TopicPartition("notes", 0)));
    ContactWatch watch = new ContactWatch(run.surroundings(), consumer);
    for (int second = 0; second < 20; second++) {
      watch.nothingCame();
    }
    assertThat(run.stderr()).as("there are none").isEmpty();
    cluster.broken = new TimedOutException("no broker could be asked");
    for (int second = 0; second < 20; second++) {
      watch.nothingCame();
    }
    assertThat(run.stderr())
        .isEqualTo(
            "no answer from the cluster (no broker could be asked); still trying, Ctrl-C gives"
                + " up\n");
    cluster.broken = null;
    watch.recordsCame();
    assertThat(run.stderr()).endsWith("\nin contact with the cluster again\n");
  }
}
