package io.millrace.coordination.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicTestCluster;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Nodes as they were read last, for whoever writes them next. */
class KnownPartitionsTest {
  private final TopicTestCluster cluster = new TopicTestCluster(43, 2);
  private String topicId = "";
  private String path = "";

  @BeforeEach
  void create() {
    topicId = ((CreateOutcome.Created) cluster.create(1, "a", 1)).topicId();
    path = ZnodePaths.partition(topicId, 0);
    cluster.world().get(cluster.view(2).refresh());
    cluster.world().settle();
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(cluster.world().scheduler().thrown()).isEmpty();
  }

  private KnownPartitions.@Nullable Known find(int number) {
    List<KnownPartitions.@Nullable Known> found = new ArrayList<>();
    cluster.store(2).loop().execute(() -> found.add(cluster.view(2).find(topicId, number)));
    cluster.world().await("asked", () -> !found.isEmpty());
    return found.get(0);
  }

  private void write(String old, String now) {
    ReadOutcome<Node> read = cluster.world().get(cluster.store(1), s -> s.read(path));
    Node node = ((ReadOutcome.Found<Node>) read).value();
    ByteString content = ByteString.copyFromUtf8(node.data().toStringUtf8().replace(old, now));
    WriteOutcome outcome =
        cluster.world().get(cluster.store(1), s -> s.set(path, content, node.version()));
    assertThat(outcome).isInstanceOf(WriteOutcome.Applied.class);
  }

  @Test
  void givesTheNodeWithTheVersionItWasReadAt() {
    assertThat(find(0))
        .isNotNull()
        .satisfies(
            known -> {
              assertThat(known.version()).isZero();
              assertThat(known.reading().content().getLeaderEpoch()).isEqualTo(1);
              assertThat(known.reading().isComplete()).isTrue();
            });
    write("\"leaderEpoch\":1", "\"leaderEpoch\":2");
    cluster.world().settle();
    assertThat(find(0))
        .isNotNull()
        .satisfies(
            known -> {
              assertThat(known.version()).isEqualTo(1);
              assertThat(known.reading().content().getLeaderEpoch()).isEqualTo(2);
            });
  }

  @Test
  void givesNothingOfWhatIsNotThere() {
    assertThat(find(1)).isNull();
  }

  @Test
  @DisplayName("B71, B72: what was refused is not written from")
  void givesNothingOfANodeThatIsRefused() {
    write("\"leaderEpoch\":1", "\"leaderEpoch\":\"x\"");
    cluster.world().settle();
    assertThat(find(0)).isNull();
    assertThat(cluster.image(2).topics()).containsKey("a");
  }

  @Test
  @DisplayName(
      "a store that comes back may be another: all is read again before it is written from")
  void givesNothingWithoutContactNorBeforeAllIsReadAgain() {
    cluster.world().ensemble().setIsolated(cluster.store(2), true);
    cluster.world().await("told", () -> !cluster.view(2).isConnected());
    assertThat(find(0)).isNull();
    List<Boolean> known = new ArrayList<>();
    cluster
        .store(2)
        .loop()
        .execute(
            () ->
                cluster
                    .store(2)
                    .onSession(event -> known.add(cluster.view(2).find(topicId, 0) != null)));
    cluster.world().ensemble().setIsolated(cluster.store(2), false);
    cluster.world().await("in contact", () -> !known.isEmpty());
    assertThat(known).as("at the first moment").containsExactly(false);
    cluster.world().settle();
    assertThat(find(0)).isNotNull();
  }

  @Test
  void looksAgainWhenItIsToldTo() {
    cluster.world().ensemble().setLagging(cluster.store(2), true);
    write("\"leaderEpoch\":1", "\"leaderEpoch\":2");
    cluster.world().ensemble().setLagging(cluster.store(2), false);
    cluster.view(2).lookAt(topicId, 0);
    cluster.view(2).lookAt("none~aaaaaaaa", 0);
    cluster.view(2).lookAt(topicId, 7);
    cluster.world().settle();
    assertThat(find(0)).isNotNull().extracting(KnownPartitions.Known::version).isEqualTo(1);
  }
}
