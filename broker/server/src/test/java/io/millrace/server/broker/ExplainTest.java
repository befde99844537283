package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.DrainBrokerRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainPartition;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Severity;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three whole brokers on the twins, asked why things are as they are. */
class ExplainTest {
  private static final long SECOND = 1_000_000_000L;

  private final SimulatedCluster cluster = new SimulatedCluster(17);
  private final List<SimulatedCluster.Machine> machines = new ArrayList<>();
  private final List<TestClient> clients = new ArrayList<>();

  @AfterEach
  void nothingWasThrown() {
    assertThat(cluster.scheduler.thrown()).isEmpty();
  }

  private TopicInfo start() {
    for (int id = 1; id <= 3; id++) {
      machines.add(cluster.machine(id));
      clients.add(cluster.client(machines.get(id - 1).start().client()));
    }
    TopicInfo created =
        TestClient.good(cluster.await(clients.get(0).createTopic("notes", 1, Map.of())))
            .response()
            .getCreateTopic()
            .getTopic();
    cluster.scheduler.runFor(2 * SECOND);
    return created;
  }

  private TestClient client(int id) {
    return clients.get(id - 1);
  }

  private void kill(int id) {
    machines.get(id - 1).kill();
  }

  private static int leader(TopicInfo topic) {
    PartitionInfo partition = topic.getPartitions(0);
    assertThat(partition.hasLeader()).isTrue();
    return partition.getLeader();
  }

  private List<Finding> explain(int broker) {
    return TestClient.good(cluster.await(client(broker).send(request("notes", 0))))
        .response()
        .getExplain()
        .getFindingsList();
  }

  private static Request.Builder request(String topic, int partition) {
    return Request.newBuilder()
        .setExplain(
            ExplainRequest.newBuilder()
                .setPartition(
                    ExplainPartition.newBuilder().setTopic(topic).setPartition(partition)));
  }

  private static List<String> reasons(List<Finding> findings) {
    return findings.stream().map(Finding::getReason).toList();
  }

  private static String text(List<Finding> findings, String reason) {
    return findings.stream()
        .filter(each -> each.getReason().equals(reason))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + reason + " in " + findings))
        .getText();
  }

  @Test
  void theLeaderAndAFollowerSayThatAllIsWell() {
    TopicInfo topic = start();
    int leader = leader(topic);
    assertThat(reasons(explain(leader))).containsExactly("led", "in-sync");
    assertThat(explain(leader)).allMatch(each -> each.getSeverity() == Severity.FINE);
    List<Finding> followers = explain(leader % 3 + 1);
    assertThat(reasons(followers)).containsExactly("led", "in-sync", "following");
    assertThat(text(followers, "led")).startsWith("broker " + leader + " leads in epoch ");
  }

  @Test
  void theLeaderNamesAReplicaThatIsGone() {
    int leader = leader(start());
    int other = leader % 3 + 1;
    kill(other);
    cluster.scheduler.runFor(20 * SECOND);
    List<Finding> findings = explain(leader);
    assertThat(reasons(findings)).containsExactly("replica-down", "led");
    assertThat(text(findings, "replica-down")).isEqualTo("broker " + other + " is not live");
  }

  @Test
  void withoutEnoughReplicasItSaysThatProducersAreRefused() {
    TopicInfo topic = start();
    int leader = leader(topic);
    for (int id = 1; id <= 3; id++) {
      if (id != leader) {
        kill(id);
      }
    }
    cluster.scheduler.runFor(20 * SECOND);
    List<Finding> findings = explain(leader);
    assertThat(reasons(findings)).contains("below-minimum", "replica-down", "led");
    assertThat(findings.get(0).getReason()).isEqualTo("below-minimum");
    assertThat(findings.get(0).getSeverity()).isEqualTo(Severity.BROKEN);
    assertThat(findings.get(0).getAdvice()).isNotEmpty();
    assertThat(text(findings, "below-minimum"))
        .isEqualTo("1 of 3 replicas in sync [" + leader + "], and the topic wants 2");
  }

  @Test
  void aReplicaSaysWhoTakesOverWhenTheLeaderIsGone() {
    TopicInfo topic = start();
    int leader = leader(topic);
    kill(leader);
    int asked = leader % 3 + 1;
    cluster.scheduler.runFor(20 * SECOND);
    List<Finding> findings = explain(asked);
    assertThat(reasons(findings)).contains("led", "replica-down");
    assertThat(text(findings, "led")).doesNotContain("broker " + leader + " leads in");
    assertThat(text(findings, "led")).contains("last change: ");
  }

  @Test
  void aBrokerExplainsItself() {
    TopicInfo topic = start();
    int leader = leader(topic);
    Request.Builder ofBroker = Request.newBuilder().setExplain(ExplainRequest.getDefaultInstance());
    List<Finding> findings =
        TestClient.good(cluster.await(client(leader).send(ofBroker.clone())))
            .response()
            .getExplain()
            .getFindingsList();
    assertThat(reasons(findings)).containsExactly("serving", "read-again", "leading");
    assertThat(text(findings, "leading")).isEqualTo("leads 1 partition(s) and copies 0");
    kill(leader % 3 + 1);
    cluster.scheduler.runFor(20 * SECOND);
    findings =
        TestClient.good(cluster.await(client(leader).send(ofBroker)))
            .response()
            .getExplain()
            .getFindingsList();
    assertThat(text(findings, "partitions-in-trouble"))
        .isEqualTo("1 partition(s) led here, with replicas that are not in sync: notes/0");
  }

  @Test
  void aBrokerThatDrainsSaysSoUntilItIsToldOtherwise() {
    int leader = leader(start());
    cluster.await(client(leader).send(drain(leader, false)));
    assertThat(reasons(explainBroker(leader))).contains("draining");
    cluster.await(client(leader).send(drain(leader, true)));
    cluster.scheduler.runFor(SECOND);
    assertThat(reasons(explainBroker(leader))).doesNotContain("draining");
  }

  private List<Finding> explainBroker(int id) {
    return TestClient.good(
            cluster.await(
                client(id)
                    .send(Request.newBuilder().setExplain(ExplainRequest.getDefaultInstance()))))
        .response()
        .getExplain()
        .getFindingsList();
  }

  private static Request.Builder drain(int broker, boolean cancel) {
    return Request.newBuilder()
        .setDrainBroker(DrainBrokerRequest.newBuilder().setBrokerId(broker).setCancel(cancel));
  }

  @Test
  void whatIsNotThereIsSaidSo() {
    start();
    assertThat(cluster.await(client(1).send(request("none", 0))).response().getError().getCode())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    assertThat(cluster.await(client(1).send(request("notes", 1))).response().getError().getCode())
        .isEqualTo(ErrorCode.UNKNOWN_PARTITION);
    assertThat(cluster.await(client(1).send(request("notes", -1))).response().getError().getCode())
        .isEqualTo(ErrorCode.UNKNOWN_PARTITION);
  }
}
