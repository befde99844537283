package io.millrace.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.ReplicationLag;
import io.millrace.server.replica.FollowerSnapshot;
import io.millrace.server.replica.LeaderReplica;
import io.millrace.server.replica.LeaderSnapshot;
import io.millrace.server.replica.Level;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.wire.v1.Severity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Topic notes, one partition with replicas 1, 2 and 3, as broker 1 sees it. */
class PartitionExplanationTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long NOW_NANOS = 1_000 * SECOND;
  private static final long NOW_MILLIS = 1_800_000_000_000L;

  private List<Integer> live = List.of(1, 2, 3);
  private OptionalInt leader = OptionalInt.of(1);
  private int leaderIncarnation = 7;
  private List<Integer> inSync = List.of(1, 2, 3);
  private List<Integer> eligible = List.of();
  private String possibleLoss = "";
  private int minInSync = 2;
  private boolean deleting;
  private boolean unreadable;
  private PartitionReading.@Nullable State state = PartitionReading.State.LED;
  private long highWatermark = 100;
  private @Nullable SetsChange change;
  private final List<FollowerSnapshot> followers =
      new ArrayList<>(List.of(follower(2, 100, 0, 0), follower(3, 100, 0, 0)));
  private Map<Integer, String> suspected = Map.of();
  private String refused = "";
  private String trouble = "";
  private Map<Integer, String> rollCall = Map.of();
  private Map<Integer, String> offlineElsewhere = Map.of();
  private final List<Finding> waits = new ArrayList<>();

  // ---- Led -------------------------------------------------------------------------------------

  @Test
  void saysThatAllIsWell() {
    assertThat(findings())
        .extracting(Finding::text)
        .containsExactly(
            "broker 1 leads in epoch 4; last change: broker 1 was elected",
            "all 3 replicas are in sync: [1, 2, 3]");
    assertThat(findings()).allMatch(each -> each.reason().severity() == Severity.FINE);
  }

  @Test
  void saysThatAnElectedLeaderDoesNotServeYet() {
    state = PartitionReading.State.PREPARING;
    assertThat(text(Reason.LEADER_PREPARING)).contains("elected in epoch 4");
    state = null;
    assertThat(text(Reason.LEADER_NOT_SERVING)).endsWith("its replica is not open");
    state = PartitionReading.State.OFFLINE;
    assertThat(text(Reason.LEADER_NOT_SERVING)).endsWith("its replica is offline");
    assertThat(text(Reason.OFFLINE_LOG)).isEqualTo("the replica on broker 1 cannot be used");
  }

  @Test
  void saysThatThePreferredReplicaDoesNotLead() {
    leader = OptionalInt.of(2);
    state = PartitionReading.State.FOLLOWING;
    assertThat(text(Reason.PREFERRED_LEADER_ELSEWHERE)).endsWith("is live and in sync");
    assertThat(text(Reason.FOLLOWING))
        .isEqualTo(
            "broker 1 copies it, has records up to offset 100, and knows all below 100 to be"
                + " committed");
    inSync = List.of(2, 3);
    assertThat(text(Reason.PREFERRED_LEADER_ELSEWHERE)).endsWith("but not in sync yet");
    live = List.of(2, 3);
    assertThat(reasons()).doesNotContain(Reason.PREFERRED_LEADER_ELSEWHERE);
  }

  @Test
  void saysThatTheLeaderIsSilent() {
    leader = OptionalInt.of(2);
    state = PartitionReading.State.FOLLOWING;
    suspected = Map.of(2, "no answer for 120 ms", 3, "refused");
    assertThat(text(Reason.LEADER_SUSPECTED))
        .isEqualTo("broker 2 does not answer broker 1: no answer for 120 ms");
  }

  @Test
  void keepsTellingOfAPossibleLoss() {
    possibleLoss = "epoch 3: unclean election";
    assertThat(text(Reason.POSSIBLE_LOSS))
        .isEqualTo("committed records may be missing: epoch 3: unclean election");
  }

  // ---- Nobody leads ----------------------------------------------------------------------------

  @Test
  void namesWhoIsToTakeTheLeadershipOver() {
    state = PartitionReading.State.IDLE;
    live = List.of(2, 3);
    assertThat(text(Reason.ELECTION))
        .isEqualTo(
            "nobody leads: broker 1, which led in epoch 4, is not live; broker 2, in sync, is first"
                + " to take its place");
    live = List.of(1, 2, 3);
    leaderIncarnation = 6;
    assertThat(text(Reason.ELECTION)).contains("broker 1, which led in epoch 4, has restarted");
    live = List.of(3);
    inSync = List.of(1);
    eligible = List.of(2, 3);
    assertThat(text(Reason.ELECTION)).contains("broker 3, of the eligible ones, is first");
    leader = OptionalInt.empty();
    assertThat(text(Reason.ELECTION)).startsWith("nobody leads: nobody is named;");
  }

  @Test
  void saysForWhomAPartitionWaitsThatNobodyCanLead() {
    state = PartitionReading.State.IDLE;
    live = List.of(3);
    inSync = List.of(1);
    eligible = List.of(2);
    assertThat(text(Reason.NO_CANDIDATE))
        .endsWith("waits for one of the brokers that have all of it: in sync: [1], eligible: [2]");
    inSync = List.of();
    eligible = List.of();
    assertThat(text(Reason.NO_CANDIDATE)).contains("left in doubt after a power loss");
    assertThat(findings().get(0).reason().severity()).isEqualTo(Severity.BROKEN);
  }

  // ---- Replicas --------------------------------------------------------------------------------

  @Test
  void saysHowManyAreInSyncWhenTheyAreTooFew() {
    inSync = List.of(1);
    eligible = List.of(2);
    live = List.of(1, 3);
    followers.set(1, follower(3, 40, 0, 9 * SECOND));
    assertThat(reasons())
        .containsExactly(
            Reason.BELOW_MINIMUM,
            Reason.ELIGIBLE_SET,
            Reason.REPLICA_DOWN,
            Reason.CATCHING_UP,
            Reason.LED);
    assertThat(text(Reason.BELOW_MINIMUM))
        .isEqualTo("1 of 3 replicas in sync [1], and the topic wants 2");
    assertThat(text(Reason.REPLICA_DOWN))
        .isEqualTo("broker 2 is not live, and holds all committed records");
    assertThat(finding(Reason.CATCHING_UP))
        .isEqualTo(
            new Finding(
                Reason.CATCHING_UP,
                "broker 3 is 60 record(s) behind, at offset 40 of 100",
                OptionalLong.of(NOW_MILLIS - 9_000)));
  }

  @Test
  void tellsAFollowerThatDoesNotFetchFromOneThatIsSlow() {
    followers.set(0, follower(2, -1, 0, 0));
    assertThat(text(Reason.NOT_FETCHING)).isEqualTo("broker 2 has not fetched in epoch 4");
    followers.set(0, follower(2, 90, 3 * SECOND, 3 * SECOND));
    assertThat(finding(Reason.NOT_FETCHING))
        .isEqualTo(
            new Finding(
                Reason.NOT_FETCHING,
                "broker 2 has not fetched for 3,000 ms; it holds all below offset 90 of 100",
                OptionalLong.of(NOW_MILLIS - 3_000)));
    followers.set(0, follower(2, 90, 0, 3 * SECOND));
    assertThat(text(Reason.LAGGING))
        .isEqualTo("broker 2 is 10 record(s) behind, at offset 90 of 100");
    followers.set(0, follower(2, 90, 0, SECOND / 2)); // as under any load
    assertThat(reasons()).containsExactly(Reason.LED, Reason.IN_SYNC);
  }

  @Test
  void onlyTheLeaderKnowsHowFarOthersAre() {
    leader = OptionalInt.of(2);
    state = PartitionReading.State.FOLLOWING;
    inSync = List.of(1, 2);
    assertThat(text(Reason.OUT_OF_SYNC)).isEqualTo("broker 3 is not in sync");
  }

  @Test
  void saysThatASetIsBeingWritten() {
    change = new SetsChange(3, 4, List.of(1, 2), List.of(), false, Map.of(), "broker 3 lags");
    assertThat(text(Reason.SETS_CHANGING))
        .isEqualTo("the in-sync replicas [1, 2, 3] are to be [1, 2]: broker 3 lags");
  }

  // ---- Records ---------------------------------------------------------------------------------

  @Test
  void saysForWhomRecordsWait() {
    highWatermark = 90;
    followers.set(0, follower(2, 90, 0, 0));
    assertThat(text(Reason.COMMITTING))
        .isEqualTo(
            "10 record(s) from offset 90 on wait to be committed, for broker 2, which holds all"
                + " below 90");
    followers.set(0, follower(2, 100, 0, 0));
    assertThat(text(Reason.COMMITTING)).endsWith("for the disk here, which has all below 80");
    inSync = List.of(1, 3); // who is not in sync holds nothing up
    followers.set(0, follower(2, 10, 0, 20 * SECOND));
    assertThat(text(Reason.COMMITTING)).doesNotContain("broker 2");
  }

  // ---- The rest --------------------------------------------------------------------------------

  @Test
  void saysThatTheStateIsMissingOrTheTopicGoing() {
    unreadable = true;
    assertThat(text(Reason.STATE_UNREADABLE)).contains("/partitions/notes~aaaaaaaa/0");
    deleting = true;
    assertThat(text(Reason.TOPIC_DELETING)).isEqualTo("topic notes is being deleted");
  }

  @Test
  void saysWhatIsWrongWithAStateThatWasGoodBefore() {
    refused = "version 4: its in-sync set is empty";
    assertThat(findings().get(0).text())
        .isEqualTo(
            "/partitions/notes~aaaaaaaa/0 in ZooKeeper is missing or makes no sense: version 4: its"
                + " in-sync set is empty; what it held before goes on, and nobody can be elected");
    assertThat(findings()).extracting(Finding::reason).contains(Reason.LED);
  }

  @Test
  void saysWhyAFollowerCannotCopy() {
    leader = OptionalInt.of(2);
    state = PartitionReading.State.FOLLOWING;
    trouble = "the disk is full";
    assertThat(text(Reason.NOT_COPYING)).endsWith("cannot copy more for now: the disk is full");
    assertThat(findings()).extracting(Finding::reason).doesNotContain(Reason.FOLLOWING);
  }

  @Test
  @DisplayName("coordination.md, roll call: who has said what, and who is waited for")
  void namesWhoHasAnsweredTheRollCallAndWhoIsAwaited() {
    leader = OptionalInt.empty();
    state = PartitionReading.State.IDLE;
    inSync = List.of(2);
    rollCall = Map.of(1, "records up to offset 90 of epoch 4", 3, "nothing");
    assertThat(text(Reason.ROLL_CALL))
        .isEqualTo(
            "broker 1 has records up to offset 90 of epoch 4; broker 3 has nothing; brokers [2] have"
                + " not said what they have");
    rollCall = Map.of(1, "nothing", 2, "records up to offset 7 of epoch 4");
    assertThat(text(Reason.ROLL_CALL)).endsWith("; the one with the most is to lead");
  }

  @Test
  void addsWhatIsRegistered() {
    waits.add(Finding.of(Reason.CANNOT_LEAD, "waits for broker 2"));
    assertThat(findings().get(0)).isEqualTo(waits.get(0));
  }

  @Test
  @DisplayName("R-1: who is awaited is live, but its log is damaged: any broker says so")
  void namesTheOneWithTheMostWhoseLogIsDamaged() {
    leader = OptionalInt.empty();
    inSync = List.of(2);
    rollCall = Map.of(2, "records up to offset 90 of epoch 4", 3, "records up to offset 7");
    offlineElsewhere = Map.of(2, "notes~aaaaaaaa-0 is offline on this broker: it is damaged");
    assertThat(text(Reason.OFFLINE_LOG))
        .contains("broker 2", "in sync", "90 of epoch 4", "damaged", "topic elect --unclean");
    assertThat(text(Reason.NO_CANDIDATE)).contains("in sync: [2]");
    assertThat(reasons()).doesNotContain(Reason.ELECTION);
  }

  @Test
  @DisplayName("R-1: a leader whose log has failed does not lead, whatever ZooKeeper says")
  void saysThatALeaderWithoutALogDoesNotLead() {
    leader = OptionalInt.of(2);
    leaderIncarnation = Objects.requireNonNull(image().brokers().get(2)).incarnation();
    offlineElsewhere = Map.of(2, "notes~aaaaaaaa-0 is offline on this broker: I/O error");
    assertThat(text(Reason.LEADER_NOT_SERVING)).contains("broker 2", "offline");
    assertThat(text(Reason.OFFLINE_LOG)).contains("I/O error");
  }

  // ---- Making scenes ---------------------------------------------------------------------------

  private List<Reason> reasons() {
    return findings().stream().map(Finding::reason).toList();
  }

  private Finding finding(Reason reason) {
    return findings().stream()
        .filter(each -> each.reason() == reason)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + reason + " in " + findings()));
  }

  private String text(Reason reason) {
    return finding(reason).text();
  }

  private List<Finding> findings() {
    PartitionImage partition =
        new PartitionImage(
            0,
            List.of(1, 2, 3),
            leader,
            leaderIncarnation,
            4,
            inSync,
            eligible,
            false,
            "broker 1 was elected",
            possibleLoss,
            rollCall,
            9);
    TopicImage topic =
        new TopicImage(
            "notes",
            "notes~aaaaaaaa",
            deleting,
            1,
            3,
            Map.of(),
            unreadable ? Collections.singletonList(null) : Arrays.asList(partition));
    Optional<PartitionScene.Here> here =
        Optional.ofNullable(state)
            .map(
                now ->
                    new PartitionScene.Here(
                        new PartitionReading(
                            new PartitionId("notes~aaaaaaaa", 0),
                            now,
                            0,
                            1,
                            0,
                            100,
                            100,
                            80,
                            ReplicationLag.NONE,
                            trouble),
                        now == PartitionReading.State.LED
                            ? Optional.of(leading())
                            : Optional.empty()));
    return PartitionExplanation.of(
        new PartitionScene(
            1,
            image(),
            topic,
            0,
            minInSync,
            here,
            suspected,
            offlineElsewhere,
            refused,
            waits,
            new PartitionScene.Moment(NOW_MILLIS, NOW_NANOS)));
  }

  private ClusterImage image() {
    Map<Integer, BrokerImage> brokers = new TreeMap<>();
    live.forEach(id -> brokers.put(id, new BrokerImage(id, 7, Map.of(), "", "1")));
    return new ClusterImage("c", 1, brokers, Map.of());
  }

  private LeaderSnapshot leading() {
    PartitionState confirmed =
        new PartitionState(9, List.of(1, 2, 3), 1, 7, 4, inSync, eligible, false);
    return new LeaderSnapshot(
        1,
        4,
        50,
        confirmed,
        new LeaderReplica.Settings(minInSync, Level.STANDARD, 10 * SECOND),
        change,
        false,
        false,
        100,
        80,
        highWatermark,
        highWatermark,
        80,
        followers,
        Map.of(1, 7, 2, 7, 3, 7),
        NOW_NANOS,
        null);
  }

  private static FollowerSnapshot follower(
      int broker, long offset, long sinceFetch, long sinceCaughtUp) {
    return new FollowerSnapshot(
        broker, 7, offset, offset, NOW_NANOS - sinceFetch, 100, NOW_NANOS - sinceCaughtUp, -1);
  }
}
