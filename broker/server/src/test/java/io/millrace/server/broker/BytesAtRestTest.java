package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProduceResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * F17, I14: one bit of one broker's data directory is another one than was written. The two others
 * go on, that broker comes back whole or says which file is wrong, and nothing damaged is copied to
 * a replica or taken for good by whoever reads it.
 */
class BytesAtRestTest {
  private static final int RECORDS = 8;
  private static final int RECORD_SIZE = 20_000; // three to a segment

  private final Trio trio = new Trio(47, Map.of("min.in.sync", "2", "segment.bytes", "65536"));
  private final List<String> expected = new ArrayList<>();
  private int victim;

  /** What the start on a damaged directory comes to. */
  private enum Outcome {
    /** The file is made again, or does without. */
    MADE_AGAIN,
    /** The damaged copy goes into the trash, and all is copied from the leader. */
    COPIED_ANEW,
    /** Nothing at a start reads it; who reads all again finds it, and it is put right in place. */
    PUT_RIGHT,
    REFUSED
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
  }

  /** Three segments, all of it forced, and the checkpoint says so; then a little that is not. */
  private void write() {
    for (int i = 0; i < RECORDS; i++) {
      produce(i + "-" + "x".repeat(RECORD_SIZE));
    }
    trio.cluster.scheduler.runFor(60 * SECOND);
    victim = trio.follower();
  }

  private void produce(String value) {
    ProduceResult result = trio.produce(Durability.STANDARD, value);
    assertThat(result.getBaseOffsets(0)).isEqualTo(expected.size());
    expected.add(expected.size() + ":" + value);
  }

  private void down(boolean cleanly) {
    if (cleanly) {
      trio.stop(victim);
    } else {
      produce("the tail");
      trio.cluster.scheduler.runFor(SECOND / 5);
      trio.kill(victim);
    }
  }

  private Path file(String part) throws IOException {
    if (!part.contains("*")) {
      return SimulatedCluster.DATA.resolve(part);
    }
    boolean last = part.startsWith("last");
    String suffix = part.substring(part.indexOf('*') + 1);
    List<String> names =
        trio.disk(victim).list(trio.partitionDirectory()).stream()
            .map(DirectoryEntry::name)
            .filter(name -> name.endsWith(suffix))
            .sorted()
            .toList();
    assertThat(names).as(part).isNotEmpty();
    return trio.partitionDirectory().resolve(names.get(last ? names.size() - 1 : 0));
  }

  @ParameterizedTest(name = "{0} at {1}, stopped cleanly: {2} -> {3}")
  @CsvSource({
    "first*.log,            0.5,  false, PUT_RIGHT",
    "first*.log,            0.5,  true,  PUT_RIGHT",
    "last*.log,             0.2,  false, COPIED_ANEW",
    "last*.log,             0.2,  true,  PUT_RIGHT",
    "last*.log,             0.999,false, MADE_AGAIN",
    "first*.index,          0.5,  false, MADE_AGAIN",
    "first*.index,          0.5,  true,  MADE_AGAIN",
    "first*leader-epochs,   0.6,  false, MADE_AGAIN",
    "first*leader-epochs,   0.6,  true,  MADE_AGAIN",
    "checkpoint,            0.5,  false, MADE_AGAIN",
    "checkpoint,            0.5,  true,  MADE_AGAIN",
    "run,                   0.5,  false, MADE_AGAIN",
    "run,                   0.5,  true,  MADE_AGAIN",
    "clean-shutdown,        0.5,  true,  MADE_AGAIN",
    "meta.properties,       0.5,  false, REFUSED",
    "meta.properties,       0.5,  true,  REFUSED",
  })
  @DisplayName("F17, I14, B82, B84 to B87: one bit flips at rest")
  void f17_oneBitFlips(String part, double where, boolean cleanly, Outcome outcome)
      throws IOException {
    write();
    down(cleanly);
    MemoryDisk disk = trio.disk(victim);
    Path file = file(part);
    disk.flipBit(file, (int) (disk.contents(file).length * where), 4);
    produce("meanwhile");

    if (outcome == Outcome.REFUSED) {
      StartOutcome refused = trio.cluster.await(trio.machine(victim).begin());
      assertThat(refused).isInstanceOf(StartOutcome.Failed.class);
      assertThat(((StartOutcome.Failed) refused).failure().message()).contains(file.toString());
      trio.machine(victim).leaveNetwork();
      produce("without it");
      assertThat(Batches.records(readAllFrom(trio.leader()))).isEqualTo(expected);
      return;
    }
    trio.start(victim);
    trio.awaitInSync(3);
    produce("with it");
    List<String> trash = trashOf(disk);
    assertThat(trash).hasSize(outcome == Outcome.COPIED_ANEW ? 1 : 0);

    trio.cluster.scheduler.runFor(10 * SECOND); // all has been read again by then
    ByteBuffer all = readAllFrom(leadBy(victim));
    assertThat(damagedBatches(all)).isZero();
    assertThat(Batches.records(all)).isEqualTo(expected);
  }

  /** The others are killed and come back, so that the broker is elected or preferred. */
  private int leadBy(int id) {
    // Alone it may not raise its watermark: it has to have heard of the last record's before.
    trio.cluster.scheduler.runFor(SECOND);
    for (int other = 1; other <= Trio.BROKERS; other++) {
      if (other != id) {
        trio.stop(other);
      }
    }
    trio.cluster.await("the victim leads", () -> trio.leader() == id);
    return id;
  }

  /** As they come over the wire: nobody has looked at them yet. */
  private ByteBuffer readAllFrom(int leader) {
    ByteBuffer all = ByteBuffer.allocate(1 << 20);
    long next = 0;
    while (next < expected.size()) {
      ByteBuffer payload =
          TestClient.good(
                  trio.cluster.await(
                      trio.client(leader).fetch(trio.topic.getTopicId(), 0, next, 100)))
              .payload();
      BatchIterator batches = new BatchIterator().over(payload.duplicate());
      long before = next;
      while (batches.next()) {
        next = batches.batch().nextOffset();
      }
      assertThat(next).as("it goes on").isGreaterThan(before);
      all.put(payload);
    }
    return all.flip();
  }

  private static int damagedBatches(ByteBuffer bytes) {
    int damaged = 0;
    BatchIterator batches = new BatchIterator().over(bytes.duplicate());
    while (batches.next()) {
      damaged += batches.batch().checksumMatches() ? 0 : 1;
    }
    return damaged;
  }

  private static List<String> trashOf(MemoryDisk disk) throws IOException {
    Path trash = SimulatedCluster.DATA.resolve("trash");
    return disk.kind(trash) == io.millrace.storage.files.FileKind.ABSENT
        ? List.of()
        : disk.list(trash).stream().map(DirectoryEntry::name).toList();
  }

  @ParameterizedTest(name = "stopped cleanly: {0}")
  @CsvSource({"false", "true"})
  @DisplayName("F17, B86: who has written what is known though the list of producers is damaged")
  void b86_aDamagedListOfProducersIsMadeAgain(boolean cleanly) throws IOException {
    for (int i = 0; i < RECORDS; i++) {
      sequenced(i, i);
    }
    trio.cluster.scheduler.runFor(60 * SECOND);
    victim = trio.follower();
    if (cleanly) {
      trio.stop(victim);
    } else {
      trio.kill(victim);
    }
    MemoryDisk disk = trio.disk(victim);
    Path file = file("last*.producers");
    disk.flipBit(file, disk.contents(file).length / 2, 1);
    trio.start(victim);
    trio.awaitInSync(3);
    leadBy(victim);

    sequenced(RECORDS - 1, RECORDS - 1); // a retry is answered with where it stands
    sequenced(RECORDS, RECORDS);
  }

  private void sequenced(int sequence, long expectedOffset) {
    ByteBuffer batch = Batches.of(4711, 0, sequence, sequence + "y".repeat(RECORD_SIZE));
    for (int tries = 0; tries < 1_000; tries++) {
      ProduceResult result =
          TestClient.good(
                  trio.cluster.await(
                      trio.client(trio.leader())
                          .produce(
                              trio.topic.getTopicId(), 0, Durability.LEADER, batch.duplicate())))
              .response()
              .getProduce()
              .getResults(0);
      if (!result.hasError()) {
        assertThat(result.getBaseOffsets(0)).isEqualTo(expectedOffset);
        return;
      }
      assertThat(result.getError().getCode())
          .as(() -> result.getError().toString())
          .isIn(ErrorCode.NOT_LEADER, ErrorCode.UNAVAILABLE, ErrorCode.NOT_ENOUGH_REPLICAS);
      trio.cluster.scheduler.runFor(SECOND / 100);
    }
    throw new AssertionError("nobody takes sequence " + sequence);
  }

  @Test
  @DisplayName("F21: an empty disk under the same broker id, meant so, is filled from the others")
  void f21_anEmptyDiskIsFilled() {
    write();
    trio.kill(victim);
    produce("meanwhile");
    trio.cluster.scheduler.runFor(30 * SECOND); // or the id still belongs to the old disk
    trio.machine(victim).wipe();
    trio.machine(victim).settings.put("data.directory.new", "true");
    trio.start(victim);
    trio.awaitInSync(3);
    produce("with it");
    ByteBuffer all = readAllFrom(leadBy(victim));
    assertThat(damagedBatches(all)).isZero();
    assertThat(Batches.records(all)).isEqualTo(expected);
  }

  @ParameterizedTest(name = "the image was made of a stopped broker: {0}")
  @CsvSource({"false", "true"})
  @DisplayName("F22: an old image of a disk returns, is out of the sets, and catches up")
  void f22_anOldImageCatchesUp(boolean cleanly) {
    write();
    if (cleanly) {
      trio.stop(victim);
    } else {
      trio.kill(victim);
    }
    MemoryDisk image = trio.disk(victim).copy(3);
    trio.start(victim);
    trio.awaitInSync(3);
    produce("since the image");
    trio.kill(victim);
    trio.disk(victim).restore(image);
    trio.start(victim);
    trio.awaitInSync(3);
    ByteBuffer all = readAllFrom(leadBy(victim));
    assertThat(Batches.records(all)).isEqualTo(expected);
  }

  @Test
  @DisplayName("F22, F12: an old image is never elected, though all are killed at once")
  void f22_anOldImageIsNotElected() {
    write();
    trio.kill(victim);
    MemoryDisk image = trio.disk(victim).copy(3);
    trio.start(victim);
    trio.awaitInSync(3);
    produce("since the image");
    for (int id = 1; id <= Trio.BROKERS; id++) {
      trio.kill(id);
    }
    trio.disk(victim).restore(image);
    for (int id = 1; id <= Trio.BROKERS; id++) {
      trio.start(id);
    }
    trio.awaitInSync(3);
    assertThat(Batches.records(readAllFrom(trio.leader()))).isEqualTo(expected);
  }
}
