package io.millrace.coordination.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("4.22: replicas that are added, what is written for them, and when they are counted")
class ReplicaAdditionTest {
  private final TopicTestCluster cluster = new TopicTestCluster(37, 4);

  @BeforeEach
  void createTopic() {
    cluster.create(1, "orders", 8);
  }

  private AlterOutcome add(int by, int replicas) {
    return cluster
        .world()
        .get(
            cluster
                .alteration(by)
                .alter(
                    new AlterationRequest(
                        "orders",
                        Optional.empty(),
                        Map.of(),
                        Set.of(),
                        OptionalInt.empty(),
                        OptionalInt.of(replicas))));
  }

  private TopicImage topic() {
    return Objects.requireNonNull(cluster.topic("orders"));
  }

  private List<PartitionImage> partitions() {
    return topic().partitions().stream().map(Objects::requireNonNull).toList();
  }

  /** As a leader would. */
  private void change(int partition, UnaryOperator<PartitionNode.Builder> how) {
    String path = ZnodePaths.partition(topic().id(), partition);
    WriteOutcome written =
        cluster
            .world()
            .get(
                cluster.store(1),
                store ->
                    store
                        .read(path)
                        .thenCompose(
                            read -> {
                              Node node = ((ReadOutcome.Found<Node>) read).value();
                              PartitionNode now =
                                  ((ZnodeReading.Understood<PartitionNode>)
                                          ZnodeJson.PARTITION.read(node.data()))
                                      .content();
                              ByteString next =
                                  ZnodeJson.PARTITION.write(how.apply(now.toBuilder()).build());
                              return store.set(path, next, node.version());
                            }));
    assertThat(written).isInstanceOf(WriteOutcome.Applied.class);
  }

  private void sweep() {
    assertThat(cluster.world().get(new TopicSweep(cluster.store(2), cluster.view(2)).sweep()))
        .isTrue();
  }

  @Test
  void putsBrokersBehindThoseThereAndChangesNothingElse() {
    List<PartitionImage> before = partitions();
    assertThat(add(2, 3)).isInstanceOf(AlterOutcome.Altered.class);
    int[] held = new int[5];
    for (PartitionImage now : partitions()) {
      PartitionImage was = before.get(now.partition());
      assertThat(now.replicas()).hasSize(3).doesNotHaveDuplicates();
      assertThat(now.replicas().get(0)).isEqualTo(was.replicas().get(0));
      assertThat(now.leader()).isEqualTo(was.leader());
      assertThat(now.leaderEpoch()).isEqualTo(was.leaderEpoch());
      assertThat(now.inSync()).isEqualTo(was.inSync());
      assertThat(now.soleFlushed()).isEqualTo(was.soleFlushed());
      assertThat(now.version()).isEqualTo(was.version() + 1);
      assertThat(now.lastChange()).contains("replicas are added");
      now.replicas().forEach(broker -> held[broker]++);
    }
    assertThat(held).as("8 partitions of 3 on 4 brokers").containsExactly(0, 6, 6, 6, 6);
    assertThat(topic().replicationFactor()).as("not in sync yet").isEqualTo(1);
  }

  @Test
  void writesNothingWhereThereAreAsManyAlready() {
    add(1, 2);
    List<PartitionImage> before = partitions();
    assertThat(add(2, 2)).isInstanceOf(AlterOutcome.Altered.class);
    assertThat(partitions()).isEqualTo(before);
  }

  @Test
  @DisplayName("if the one that adds them crashes, the same request again adds what is missing")
  void goesOnWhereAnInterruptedAdditionStopped() {
    change(3, node -> node.addReplicas(node.getReplicas(0) % 4 + 1));
    assertThat(add(1, 2)).isInstanceOf(AlterOutcome.Altered.class);
    assertThat(partitions()).allSatisfy(each -> assertThat(each.replicas()).hasSize(2));
  }

  @ParameterizedTest
  @EnumSource(WriteFate.class)
  void sameAgainAfterAWriteWhoseAnswerWasLostAddsNothingTwice(WriteFate fate) {
    cluster.world().ensemble().setNextWrite(cluster.store(1), fate);
    assertThat(add(1, 3)).isNotInstanceOf(AlterOutcome.Invalid.class);
    cluster.world().await("contact", () -> cluster.view(1).isConnected());
    assertThat(add(1, 3)).isInstanceOf(AlterOutcome.Altered.class);
    assertThat(partitions())
        .allSatisfy(each -> assertThat(each.replicas()).hasSize(3).doesNotHaveDuplicates());
  }

  @Test
  void isCountedOnceAllAreInSyncEverywhere() {
    add(1, 3);
    for (int partition = 0; partition < 7; partition++) {
      change(partition, node -> node.clearInSync().addAllInSync(node.getReplicasList()));
    }
    sweep();
    assertThat(topic().replicationFactor()).as("one is not in sync").isEqualTo(1);
    change(7, node -> node.clearInSync().addAllInSync(node.getReplicasList()));
    sweep();
    assertThat(topic().replicationFactor()).isEqualTo(3);
    change(7, node -> node.clearInSync().addInSync(node.getLeader()));
    sweep();
    assertThat(topic().replicationFactor()).as("never goes back").isEqualTo(3);
  }

  @Test
  void addsNoneToWhatIsBeingDeleted() {
    cluster.delete(1, "orders");
    assertThat(add(2, 3)).isInstanceOf(AlterOutcome.NotFound.class);
  }

  @Test
  void refusesFewerAndMoreThanThereAreBrokers() {
    add(1, 3);
    assertThat(add(1, 2))
        .isInstanceOfSatisfying(
            AlterOutcome.Invalid.class,
            invalid -> assertThat(invalid.message()).contains("replicas can only be added"));
    assertThat(add(1, 5))
        .isInstanceOfSatisfying(
            AlterOutcome.Invalid.class,
            invalid ->
                assertThat(invalid.reason())
                    .isEqualTo(AlterOutcome.Invalid.Reason.NOT_ENOUGH_BROKERS));
  }
}
