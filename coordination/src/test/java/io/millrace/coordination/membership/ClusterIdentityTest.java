package io.millrace.coordination.membership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.membership.ClusterIdentity.Outcome;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ClusterIdentityTest {
  private MemoryWorld world = new MemoryWorld(5);

  private CompletionStage<Outcome> ask(MemoryStore store, Optional<String> expected) {
    return new ClusterIdentity(store, world.process(store)).establish(expected);
  }

  private Outcome establish(MemoryStore store, Optional<String> expected) {
    return world.get(ask(store, expected));
  }

  private String found(MemoryStore store) {
    Outcome outcome = establish(store, Optional.empty());
    assertThat(outcome).isInstanceOf(Outcome.Established.class);
    return ((Outcome.Established) outcome).clusterId();
  }

  private static void assertRefused(Outcome outcome, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class, refused -> assertThat(refused.why()).contains(words));
  }

  @Test
  void foundsOnceAndFindsAgain() {
    String id = found(world.open());

    assertThat(id).matches("[a-z2-7]{16}");
    assertThat(establish(world.open(), Optional.empty()))
        .isEqualTo(new Outcome.Established(id, ClusterIdentity.FORMAT_VERSION));
    assertThat(establish(world.open(), Optional.of(id))).isInstanceOf(Outcome.Established.class);
  }

  @Test
  void laysTheTreeOut() {
    MemoryStore store = world.open();
    found(store);
    for (String path : ZnodePaths.LAYOUT) {
      ReadOutcome<List<String>> children = world.get(store, s -> s.children(path));
      assertThat(children instanceof ReadOutcome.Found).as(path).isTrue();
    }
  }

  @Test
  void manyFoundersFoundOneCluster() {
    List<CompletableFuture<Outcome>> outcomes =
        List.of(world.open(), world.open(), world.open()).stream()
            .map(store -> ask(store, Optional.empty()).toCompletableFuture())
            .toList();
    outcomes.forEach(world::get);

    assertThat(outcomes.stream().map(CompletableFuture::join).distinct()).hasSize(1);
  }

  @Test
  @DisplayName("B64: the data directory of another cluster is refused")
  void b64_refusesAnotherClustersDirectory() {
    String id = found(world.open());
    assertRefused(establish(world.open(), Optional.of("other")), "other", id, "address");
  }

  @Test
  @DisplayName("B76: an empty ZooKeeper founds nothing for a directory that has data")
  void b76_refusesToFoundForADirectoryThatHasACluster() {
    MemoryStore store = world.open();
    assertRefused(establish(store, Optional.of("mine")), "mine", "no cluster", "chroot");
    ReadOutcome<List<String>> children = world.get(store, s -> s.children("/"));
    assertThat(children).isEqualTo(new ReadOutcome.Found<>(List.of()));
  }

  @Test
  @DisplayName("B71, B73: a /cluster that cannot be understood is refused, not overwritten")
  void b73_refusesWhatItDoesNotUnderstand() {
    for (String content :
        List.of(
            "",
            "rubbish",
            "{\"version\":2}",
            "{\"version\":1,\"clusterId\":\"x\",\"formatVersion\":2}")) {
      world = new MemoryWorld(6);
      MemoryStore store = world.open();
      world.get(
          store,
          s -> s.create(ZnodePaths.CLUSTER, ByteString.copyFromUtf8(content), NodeKind.PERSISTENT));
      assertThat(establish(store, Optional.empty()))
          .as(content)
          .isInstanceOf(Outcome.Refused.class);
    }
  }

  @Test
  void saysWhenThereIsNoContact() {
    MemoryStore store = world.open();
    world.stopServers();
    world.settle();
    assertThat(establish(store, Optional.empty())).isInstanceOf(Outcome.Unavailable.class);
  }

  @RepeatedTest(20)
  void unknownOutcomesFoundOneCluster(RepetitionInfo repetition) {
    world = new MemoryWorld(repetition.getCurrentRepetition());
    world.ensemble().setWriteFaults(200);
    MemoryStore store = world.open();
    String id = "";
    for (int tries = 0; tries < 100 && id.isEmpty(); tries++) {
      Outcome outcome = establish(store, Optional.empty());
      id = outcome instanceof Outcome.Established established ? established.clusterId() : "";
      world.settle();
    }
    world.scheduler().runFor(5_000_000_000L);

    assertThat(establish(world.open(), Optional.of(id))).isInstanceOf(Outcome.Established.class);
  }
}
