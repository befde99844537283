package io.millrace.coordination.topics;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.TopicImage;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** coordination.md, "Topics": what an interrupted creation leaves is invisible and cleaned up. */
class TopicSweepTest {
  private final TopicTestCluster cluster = new TopicTestCluster(31, 1);
  private final TopicSweep sweep = new TopicSweep(cluster.store(1), cluster.view(1));

  private boolean sweep() {
    return cluster.world().get(sweep.sweep());
  }

  /** Longer than a creation takes that goes on. */
  private void waitLong() {
    cluster.world().scheduler().runFor(MINUTES.toNanos(11));
  }

  private List<List<StoreOp>> transactionsOf(String name, int partitions) {
    ClusterImage image = cluster.image(1);
    NewTopic topic =
        new NewTopic(
            name, name + "~aaaaaaaa", 1, Map.of(), Collections.nCopies(partitions, List.of(1)));
    return topic.transactions(image.brokers(), LastChange.getDefaultInstance());
  }

  private WriteOutcome apply(List<StoreOp> transaction) {
    return cluster.world().get(cluster.store(1), s -> s.transact(transaction));
  }

  @Test
  void clearsTheHalfMadeAwayAfterAWhile() {
    List<List<StoreOp>> transactions = transactionsOf("half", 4_500);
    assertThat(transactions).hasSizeGreaterThan(2);
    assertThat(apply(transactions.get(0))).isInstanceOf(WriteOutcome.Applied.class);
    assertThat(cluster.topic("half")).isNull();

    assertThat(sweep()).isTrue();
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).hasSize(1);
    waitLong();
    assertThat(sweep()).isTrue();

    assertThat(cluster.children(ZnodePaths.PARTITIONS)).isEmpty();
  }

  @Test
  @DisplayName("a creator that comes back after it was given up fails, and leaves no topic")
  void theGivenUpCannotComeToLife() {
    List<List<StoreOp>> transactions = transactionsOf("half", 4_500);
    transactions.subList(0, transactions.size() - 1).forEach(this::apply);
    sweep();
    waitLong();
    sweep();

    assertThat(apply(transactions.get(transactions.size() - 1)))
        .isInstanceOf(WriteOutcome.Conflict.class);
    assertThat(cluster.topic("half")).isNull();
  }

  @Test
  void leavesTheMadeAlone() {
    cluster.create(1, "orders", 2);
    cluster.create(1, "large", 2_500);
    sweep();
    waitLong();
    sweep();

    TopicImage large = cluster.topic("large");
    assertThat(large == null ? List.of() : large.partitions()).hasSize(2_500).doesNotContainNull();
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).hasSize(2);
  }

  @Test
  @DisplayName("B76: partitions whose topic vanished are kept, with their epochs")
  void b76_leavesTheVanishedAlone() {
    cluster.create(1, "orders", 2);
    cluster.world().get(cluster.store(1), s -> s.delete(ZnodePaths.topic("orders"), 0));
    sweep();
    waitLong();
    sweep();

    assertThat(cluster.children(ZnodePaths.PARTITIONS)).hasSize(1);
  }

  @Test
  void buriesOldTombstones() {
    cluster.create(1, "orders", 1);
    cluster.delete(1, "orders");
    TopicImage topic = cluster.topic("orders");
    assertThat(topic).isNotNull();
    if (topic != null) {
      cluster.world().get(new DeletionProgress(cluster.store(1), 1).confirm(topic, 0));
    }
    cluster.world().process(cluster.store(1)).shiftWallClock(DAYS.toMillis(29));
    sweep();
    assertThat(cluster.children(ZnodePaths.DELETED)).hasSize(1);

    cluster.world().process(cluster.store(1)).shiftWallClock(DAYS.toMillis(2));
    sweep();
    assertThat(cluster.children(ZnodePaths.DELETED)).isEmpty();
  }

  @Test
  void keepsTheTombstoneOfWhatIsStillGoing() {
    cluster.create(1, "orders", 1);
    cluster.delete(1, "orders");
    cluster.world().process(cluster.store(1)).shiftWallClock(DAYS.toMillis(40));

    sweep();

    assertThat(cluster.children(ZnodePaths.DELETED)).hasSize(1);
  }
}
