package io.millrace.coordination.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.TopicDeletion.Fate;
import io.millrace.coordination.view.TopicImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** coordination.md, "Topics"; 4.24. */
class TopicDeletionTest {
  private TopicTestCluster cluster = new TopicTestCluster(21, 2);
  private String id = "";

  @BeforeEach
  void createTopic() {
    // One partition on each broker.
    id = ((CreateOutcome.Created) cluster.create(1, "orders", 2)).topicId();
  }

  private TopicImage topic() {
    TopicImage topic = cluster.topic("orders");
    assertThat(topic).isNotNull();
    return topic == null ? new TopicImage("", "", false, 0, 0, Map.of(), List.of()) : topic;
  }

  private Fate fate(String topicId) {
    return cluster.world().get(new TopicDeletion(cluster.store(1), 1).fateOf(topicId));
  }

  private boolean confirm(int broker, TopicImage topic, int partition) {
    return cluster
        .world()
        .get(new DeletionProgress(cluster.store(broker), broker).confirm(topic, partition));
  }

  private boolean releaseTheDead(int broker, TopicImage topic) {
    return cluster
        .world()
        .get(
            new DeletionProgress(cluster.store(broker), broker)
                .releaseTheDead(topic, cluster.image(broker)));
  }

  private static int holder(TopicImage topic, int partition) {
    var image = topic.partitions().get(partition);
    return image == null ? -1 : image.replicas().get(0);
  }

  private static void assertNothingIsLeft(TopicTestCluster cluster) {
    assertThat(cluster.children(ZnodePaths.TOPICS)).isEmpty();
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).isEmpty();
  }

  @Test
  void marksAndBuriesAtOnce() {
    assertThat(cluster.delete(2, "orders")).isEqualTo(new DeleteOutcome.Deleting(id));

    assertThat(topic().deleting()).isTrue();
    assertThat(topic().partitions()).doesNotContainNull();
    assertThat(fate(id)).isEqualTo(Fate.DELETED);
  }

  @Test
  void isTheSameAgain() {
    cluster.delete(1, "orders");
    assertThat(cluster.delete(2, "orders")).isEqualTo(new DeleteOutcome.Deleting(id));
    assertThat(cluster.create(1, "orders", 1)).isEqualTo(new CreateOutcome.Exists(id, true));
  }

  @Test
  void findsOnlyWhatIsThere() {
    assertThat(cluster.delete(1, "none")).isEqualTo(new DeleteOutcome.NotFound());
    assertThat(cluster.delete(1, "../x")).isEqualTo(new DeleteOutcome.NotFound());
  }

  @Test
  @DisplayName("4.24: ids, not names: another topic of the same name is not meant")
  void deletesNoOtherTopicOfTheSameName() {
    assertThat(
            cluster
                .world()
                .get(
                    new TopicDeletion(cluster.store(1), 1)
                        .delete("orders", Optional.of("orders~aaaaaaaa"))))
        .isEqualTo(new DeleteOutcome.NotFound());
    assertThat(topic().deleting()).isFalse();
  }

  @Test
  void goesWhenTheLastReplicaHasConfirmed() {
    cluster.delete(1, "orders");
    TopicImage topic = topic();

    assertThat(confirm(holder(topic, 0), topic, 0)).isTrue();
    assertThat(cluster.exists(ZnodePaths.topic("orders"))).isTrue();
    assertThat(cluster.children(ZnodePaths.partitions(id))).containsExactly("1");

    assertThat(confirm(holder(topic, 1), topic, 1)).isTrue();
    assertNothingIsLeft(cluster);
    assertThat(fate(id)).isEqualTo(Fate.DELETED);
    assertThat(confirm(holder(topic, 1), topic, 1)).as("again").isTrue();
  }

  @Test
  void makesRoomForAnotherTopicOfTheSameName() {
    cluster.delete(1, "orders");
    TopicImage topic = topic();
    confirm(holder(topic, 0), topic, 0);
    confirm(holder(topic, 1), topic, 1);

    CreateOutcome outcome = cluster.create(1, "orders", 1);

    assertThat(outcome).isInstanceOf(CreateOutcome.Created.class);
    String second = ((CreateOutcome.Created) outcome).topicId();
    assertThat(second).isNotEqualTo(id);
    assertThat(fate(second)).isEqualTo(Fate.NOT_DELETED);
    // A late confirmation of the old one does not touch the new one.
    assertThat(confirm(holder(topic, 0), topic, 0)).isTrue();
    assertThat(topic().id()).isEqualTo(second);
    assertThat(topic().partitions()).doesNotContainNull();
  }

  @Test
  @DisplayName("coordination.md: brokers that are away are not waited for")
  void doesNotWaitForTheDead() {
    cluster.delete(1, "orders");
    TopicImage topic = topic();
    int deadsPartition = holder(topic, 0) == 2 ? 0 : 1;
    cluster.world().get(cluster.broker(2).registration().stop());

    assertThat(confirm(1, topic, 1 - deadsPartition)).isTrue();
    assertThat(cluster.exists(ZnodePaths.topic("orders"))).isTrue();
    assertThat(releaseTheDead(1, topic())).isTrue();

    assertNothingIsLeft(cluster);
    assertThat(fate(id)).isEqualTo(Fate.DELETED);
  }

  @Test
  void doesNotTakeFromTheLivingWhatTheyHaveNotConfirmed() {
    cluster.delete(1, "orders");

    assertThat(releaseTheDead(1, topic())).isTrue();
    assertThat(releaseTheDead(2, topic())).isTrue();

    assertThat(cluster.children(ZnodePaths.partitions(id))).hasSize(2);
  }

  @Test
  void refusesToConfirmWhatIsNotBeingDeleted() {
    DeletionProgress progress = new DeletionProgress(cluster.store(1), 1);
    TopicImage topic = topic();
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> progress.confirm(topic, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("B76: data whose topic vanished was not deleted on purpose")
  void b76_knowsTheDeletedFromTheVanished() {
    int version = 0;
    cluster.world().get(cluster.store(1), s -> s.delete(ZnodePaths.topic("orders"), version));
    assertThat(fate(id)).isEqualTo(Fate.NOT_DELETED);
  }

  @Test
  @DisplayName("B71: a tombstone that cannot be read deletes nothing")
  void b71_doesNotBelieveADamagedTombstone() {
    cluster
        .world()
        .get(
            cluster.store(1),
            s ->
                s.create(
                    ZnodePaths.deleted(id), ByteString.copyFromUtf8("{}"), NodeKind.PERSISTENT));
    assertThat(fate(id)).isEqualTo(Fate.UNKNOWN);
  }

  @Test
  void saysUnavailableWithoutContact() {
    cluster.world().stopServers();
    cluster.world().settle();
    assertThat(cluster.delete(1, "orders")).isInstanceOf(DeleteOutcome.Unavailable.class);
    assertThat(fate(id)).isEqualTo(Fate.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOST_BEFORE", "LOST_AFTER", "LATE"})
  @DisplayName("reliability 8.5: it is looked into what became of the write")
  void isTruthfulAfterAnUnknownOutcome(String fate) {
    cluster.world().ensemble().setNextWrite(cluster.store(1), WriteFate.valueOf(fate));
    cluster.world().settle();

    assertThat(cluster.delete(1, "orders")).isEqualTo(new DeleteOutcome.Deleting(id));
    assertThat(topic().deleting()).isTrue();
    assertThat(fate(id)).isEqualTo(Fate.DELETED);
  }

  @RepeatedTest(30)
  @DisplayName("every step may be repeated, whatever becomes of the writes")
  void ends(RepetitionInfo repetition) {
    cluster = new TopicTestCluster(repetition.getCurrentRepetition(), 2);
    createTopic();
    cluster.world().ensemble().setWriteFaults(300);
    List<CompletableFuture<DeleteOutcome>> asked =
        List.of(1, 2).stream()
            .map(
                by ->
                    new TopicDeletion(cluster.store(by), by)
                        .delete("orders", Optional.empty())
                        .toCompletableFuture())
            .toList();
    asked.forEach(cluster.world()::get);
    for (int tries = 0; tries < 200 && cluster.exists(ZnodePaths.topic("orders")); tries++) {
      TopicImage topic = cluster.topic("orders");
      if (topic != null && topic.deleting()) {
        confirm(holder(topic, 0), topic, 0);
        confirm(holder(topic, 1), topic, 1);
      }
      cluster.world().settle();
    }
    cluster.world().scheduler().runFor(1_000_000_000L);

    assertNothingIsLeft(cluster);
    assertThat(fate(id)).isEqualTo(Fate.DELETED);
    assertThat(cluster.world().scheduler().thrown()).isEmpty();
  }
}
