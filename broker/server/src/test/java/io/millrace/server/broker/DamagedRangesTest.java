package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Finding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * G-5, B82, I14: a bit of a log flips on a disk while its broker runs. Nobody is given it, and it
 * is put right from another replica, of which the sets take no notice.
 */
class DamagedRangesTest {
  private static final int RECORDS = 8;
  private static final int RECORD_SIZE = 20_000; // three to a segment

  private final Trio trio = new Trio(53, Map.of("min.in.sync", "2", "segment.bytes", "65536"));
  private final List<String> expected = new ArrayList<>();

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
    trio.machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  private void write() {
    for (int i = 0; i < RECORDS; i++) {
      produce(i + "-" + "x".repeat(RECORD_SIZE));
    }
    trio.cluster.scheduler.runFor(20 * SECOND);
  }

  private void produce(String value) {
    trio.produce(Durability.STANDARD, value);
    expected.add(expected.size() + ":" + value);
  }

  private Path firstSegment() {
    return DataPaths.log(trio.partitionDirectory(), 0);
  }

  private void flip(int broker) throws IOException {
    MemoryDisk disk = trio.disk(broker);
    disk.flipBit(firstSegment(), disk.contents(firstSegment()).length / 2, 5);
  }

  /** In life, all is read again so often. */
  private void scrubEvery(int broker, int millis) {
    trio.stop(broker);
    trio.machine(broker).settings.put("scrub.interval.ms", Integer.toString(millis));
    trio.start(broker);
    trio.awaitInSync(3);
  }

  private boolean isWholeOn(int broker) throws IOException {
    BatchIterator batches =
        new BatchIterator().over(ByteBuffer.wrap(trio.disk(broker).contents(firstSegment())));
    while (batches.next()) {
      if (!batches.batch().checksumMatches()) {
        return false;
      }
    }
    return true;
  }

  private void awaitWhole(int broker) throws IOException {
    long deadline = trio.cluster.scheduler.nanoTime() + 120 * SECOND;
    while (!isWholeOn(broker)) {
      assertThat(trio.cluster.scheduler.nanoTime())
          .as(() -> trio.explain(broker).toString())
          .isLessThan(deadline);
      trio.cluster.scheduler.runFor(SECOND / 10);
    }
  }

  private FetchResult fetch(int broker, long offset) {
    return TestClient.good(
            trio.cluster.await(trio.client(broker).fetch(trio.topic.getTopicId(), 0, offset, 100)))
        .response()
        .getFetch()
        .getResults(0);
  }

  private List<String> damaged(int broker) {
    return trio.explain(broker).stream()
        .filter(each -> each.getReason().equals("damaged"))
        .map(Finding::getText)
        .toList();
  }

  @Test
  @DisplayName("G-5, B82: a follower finds it, puts it right, and never leaves the in-sync set")
  void b82_aFollowerIsPutRightInPlace() throws IOException {
    write();
    int follower = trio.follower();
    scrubEvery(follower, 10_000);
    int epoch = trio.describe().getLeaderEpoch();
    flip(follower);
    awaitWhole(follower);
    assertThat(trio.isInSync(3)).isTrue();
    assertThat(trio.describe().getLeaderEpoch()).isEqualTo(epoch);
    assertThat(trio.disk(follower).contents(firstSegment()))
        .isEqualTo(trio.disk(trio.leader()).contents(firstSegment()));
    assertThat(damaged(follower)).isEmpty();
    produce("on we go");
    assertThat(recordsOf(trio.leader())).isEqualTo(expected);
  }

  @Test
  @DisplayName("G-5, B82: a leader that finds it hands over, is put right, and leads again")
  void b82_aLeaderHandsOverFirst() throws IOException {
    write();
    int leader = trio.leader();
    scrubEvery(leader, 10_000);
    trio.cluster.await("it leads again", () -> trio.leader() == leader);
    flip(leader);
    int epoch = trio.describe().getLeaderEpoch();
    awaitWhole(leader);
    assertThat(trio.describe().getLeaderEpoch()).isGreaterThan(epoch);
    assertThat(trio.isInSync(3)).isTrue();
    trio.cluster.await("by preference again", () -> trio.leader() == leader);
    assertThat(recordsOf(leader)).isEqualTo(expected);
  }

  @Test
  @DisplayName("G-5: one who has nobody left says where it is damaged, and serves the rest")
  void theLastOneSaysWhereItIsDamaged() throws IOException {
    write();
    int last = trio.leader();
    scrubEvery(last, 10_000);
    for (int id = 1; id <= Trio.BROKERS; id++) {
      if (id != last) {
        trio.stop(id);
      }
    }
    trio.cluster.await("it leads alone", () -> trio.leader() == last);
    flip(last);
    trio.cluster.scheduler.runFor(30 * SECOND);

    FetchResult refused = fetch(last, 1);
    assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.CORRUPT_BATCH);
    assertThat(refused.getError().getMessage())
        .contains(firstSegment().toString(), "position", "offsets 1 to 1");
    assertThat(fetch(last, 0).hasError()).isFalse();
    assertThat(fetch(last, 2).hasError()).isFalse();
    assertThat(damaged(last)).hasSize(1);
    assertThat(damaged(last).get(0)).contains("no other replica is in sync", "offsets 1 to 1");

    for (int id = 1; id <= Trio.BROKERS; id++) {
      if (id != last) {
        trio.start(id);
      }
    }
    trio.awaitInSync(3);
    awaitWhole(last);
    assertThat(damaged(last)).isEmpty();
    assertThat(recordsOf(trio.leader())).isEqualTo(expected);
  }

  @Test
  @DisplayName("G-5, I14: a follower that is sent damage says so, and the leader looks at once")
  void aFollowersReportIsEnough() throws IOException {
    write();
    int leader = trio.leader();
    int copy = leader % Trio.BROKERS + 1;
    trio.cluster.scheduler.runFor(20 * SECOND); // the first pass is over, the next in a week
    trio.kill(copy);
    trio.cluster.scheduler.runFor(30 * SECOND);
    flip(leader);
    trio.machine(copy).wipe();
    trio.machine(copy).settings.put("data.directory.new", "true");
    trio.start(copy);
    trio.awaitInSync(3);
    awaitWhole(leader);
    assertThat(isWholeOn(copy)).isTrue();
    assertThat(recordsOf(trio.leader())).isEqualTo(expected);
  }

  private List<String> recordsOf(int leader) {
    List<String> all = new ArrayList<>();
    long deadline = trio.cluster.scheduler.nanoTime() + 60 * SECOND;
    while (all.size() < expected.size()) {
      assertThat(trio.cluster.scheduler.nanoTime()).isLessThan(deadline);
      ByteBuffer payload =
          TestClient.good(
                  trio.cluster.await(
                      trio.client(leader).fetch(trio.topic.getTopicId(), 0, all.size(), 100)))
              .payload();
      all.addAll(Batches.records(payload));
    }
    return all;
  }
}
