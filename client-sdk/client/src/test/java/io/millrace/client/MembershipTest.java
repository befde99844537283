package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.consumer.SimulatedWait;
import io.millrace.client.fake.FakeCluster;
import io.millrace.client.fake.FakeGroups;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.GroupSubscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("4.12, 4.13: one member and its coordinator, in virtual time")
class MembershipTest implements RebalanceListener {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);
  private static final TopicPartition P1 = new TopicPartition("notes", 1);
  private static final int BROKERS = 3;

  private final SimulatedWorld world = new SimulatedWorld(11, BROKERS);
  private final FakeCluster.FakeTopic notes = world.cluster().createTopic("notes", 2);
  private final FakeGroups groups = new FakeGroups(world, BROKERS);
  private final List<String> events = new ArrayList<>();
  private final Consumer<String, String> consumer = consumer();

  private Consumer<String, String> consumer() {
    ConsumerSettings settings =
        ConsumerSettings.builder("zk:2181/millrace")
            .groupId("g")
            .autoCommit(false)
            .autoOffsetReset(OffsetReset.EARLIEST)
            .discovery(world.cluster())
            .build();
    ClientRuntime runtime =
        new ClientRuntime(
            settings, 128 << 20, world.clientTasks(), world.clientTransport(), world.cluster());
    SimulatedWait wait = new SimulatedWait(world.scheduler());
    return ConsumerStart.inItsGroup(
        runtime,
        wait,
        settings,
        true,
        ConsumerStart.over(
            runtime, wait, settings, Deserializers.string(), Deserializers.string(), List.of()));
  }

  @Override
  public void onAssigned(Collection<TopicPartition> partitions) {
    events.add("assigned " + partitions);
  }

  @Override
  public void onRevoked(Collection<TopicPartition> partitions) {
    events.add("revoked " + partitions);
  }

  @Override
  public void onLost(Collection<TopicPartition> partitions) {
    events.add("lost " + partitions);
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private long nanos() {
    return world.scheduler().nanoTime();
  }

  private void pollUntil(Duration limit, BooleanSupplier so) {
    long end = nanos() + limit.toNanos();
    while (!so.getAsBoolean()) {
      assertThat(nanos()).as("it takes more than " + limit + "; " + events).isLessThan(end);
      consumer.poll(Duration.ofMillis(100));
    }
  }

  /** A member with P0, coordinated by broker 1; the topic is led by broker 2. */
  private void joined() {
    world.cluster().lead("notes", 0, 2, true);
    world.cluster().lead("notes", 1, 2, true);
    world.cluster().lead("__groups", 0, 1, true);
    groups.assign(notes, "notes", List.of(0));
    consumer.subscribe(List.of("notes"), this);
    pollUntil(Duration.ofSeconds(5), () -> consumer.assignment().contains(P0));
    pollUntil(Duration.ofSeconds(5), () -> consumer.position(P0) == 0);
    events.clear();
  }

  @Test
  @DisplayName("4.12: patterns are told to the coordinator, which looks for the topics")
  void tellsPatternsWithEachJoin() {
    world.cluster().lead("__groups", 0, 1, true);
    groups.assign(notes, "notes", List.of(0));
    consumer.subscribeToPatterns(List.of(new TopicPattern("no*"), new TopicPattern("n?tes")), this);
    pollUntil(Duration.ofSeconds(5), () -> consumer.assignment().contains(P0));
    GroupSubscription told = groups.beats().get(0).said().getSubscription();
    assertThat(told.getTopicPatternsList()).containsExactly("no*", "n?tes");
    assertThat(told.getTopicsList()).isEmpty();
    assertThat(consumer.subscription()).isEmpty();
    consumer.subscribe(List.of("notes"), this);
    consumer.poll(Duration.ofSeconds(1));
    assertThat(groups.beats().stream().map(beat -> beat.said()))
        .anyMatch(
            said ->
                said.getSubscription().getTopicsList().contains("notes")
                    && said.getSubscription().getTopicPatternsList().isEmpty());
  }

  @Test
  void refusesPatternsThatCannotBe() {
    for (String bad : List.of("", "a/b", "a[b]", "ä*", "x".repeat(201))) {
      assertThatThrownBy(() -> new TopicPattern(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 to 200 characters");
    }
    assertThatThrownBy(() -> consumer.subscribeToPatterns(List.of(), this))
        .hasMessageContaining("1 to 100");
    List<TopicPattern> many =
        IntStream.range(0, 101).mapToObj(i -> new TopicPattern("t" + i)).toList();
    assertThatThrownBy(() -> consumer.subscribeToPatterns(many, this))
        .hasMessageContaining("101 patterns");
  }

  private boolean hasBeatAt(int broker) {
    return groups.beats().stream().anyMatch(beat -> beat.broker() == broker);
  }

  @Test
  @DisplayName("a coordinator that is cut off costs seconds, and nothing is lost")
  void findsTheNextCoordinatorWhenThePresentOneIsCutOff() {
    joined();
    world.network().cutBothWays("client", SimulatedWorld.host(1));
    groups.lead(3);
    pollUntil(Duration.ofSeconds(8), () -> hasBeatAt(3));
    groups.assign(notes, "notes", List.of(0, 1));
    pollUntil(Duration.ofSeconds(2), () -> consumer.assignment().contains(P1));
    assertThat(events).containsExactly("assigned [" + P1 + "]");
  }

  @Test
  @DisplayName("a coordinator that is cut off while nobody has taken its place yet")
  void findsTheNextCoordinatorAlsoWhenItIsElectedLater() {
    joined();
    world.network().cutBothWays("client", SimulatedWorld.host(1));
    long cutNanos = nanos();
    pollUntil(Duration.ofSeconds(30), () -> nanos() - cutNanos > Duration.ofSeconds(15).toNanos());
    groups.lead(3);
    pollUntil(Duration.ofSeconds(4), () -> hasBeatAt(3));
    assertThat(events).as("its 45 s are not over").isEmpty();
  }

  @Test
  void commitsAtTheNextCoordinatorWhenThePresentOneIsCutOff() {
    joined();
    world.network().cutBothWays("client", SimulatedWorld.host(1));
    groups.lead(3);
    long beforeNanos = nanos();
    consumer.commitSync(Map.of(P0, new CommittedOffset(7)));
    assertThat(groups.commits()).containsExactly(7L);
    assertThat(Duration.ofNanos(nanos() - beforeNanos)).isLessThan(Duration.ofSeconds(8));
  }

  @Test
  @DisplayName("4.13: a commit that is sent again does not undo a later one")
  void neverCommitsBackwardsBySendingAgain() {
    joined();
    groups.loseCommits(1);
    List<String> ended = new ArrayList<>();
    consumer.commitAsync(Map.of(P0, new CommittedOffset(5)), (offsets, e) -> ended.add("5 " + e));
    world.runFor(Duration.ofMillis(50));
    consumer.commitAsync(Map.of(P0, new CommittedOffset(10)), (offsets, e) -> ended.add("10 " + e));
    pollUntil(Duration.ofSeconds(20), () -> ended.size() == 2);
    assertThat(ended).containsExactly("10 null", "5 null");
    assertThat(groups.commits()).containsExactly(10L, 10L);
    consumer.commitSync(Map.of(P0, new CommittedOffset(3)));
    assertThat(groups.commits()).as("to go back is allowed").endsWith(3L);
  }

  @Test
  void closeTellsWhatBecameOfCommitsUnderWay() {
    joined();
    List<String> ended = new ArrayList<>();
    consumer.commitAsync(Map.of(P0, new CommittedOffset(5)), (offsets, e) -> ended.add("5 " + e));
    consumer.close(Duration.ofSeconds(5));
    assertThat(ended).containsExactly("5 null");
    assertThat(events).containsExactly("revoked [" + P0 + "]");
  }

  @Test
  @DisplayName("a silent coordinator does not cost the connection other answers come over")
  void keepsAConnectionThatIsNotSilent() {
    joined();
    int greeted = world.broker(1).greetings();
    groups.loseCommits(2);
    consumer.commitSync(Map.of(P0, new CommittedOffset(5)));
    assertThat(groups.commits()).containsExactly(5L);
    assertThat(world.broker(1).greetings()).isEqualTo(greeted);
  }
}
