package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.CompactionOutcome;
import io.millrace.storage.log.CompactionWish;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.Compressions;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rule 4.10: replicas compact alone, and one that lags copies what the leader has left. */
class CompactedReplicationTest {
  private static final PartitionName NAME =
      new PartitionName(PartitionWorld.ORDERS.topicId(), PartitionWorld.ORDERS.partition());

  @TempDir Path root;

  private Replicas3 replicas() throws IOException {
    Replicas3 replicas =
        new Replicas3(
            root, Map.of("min.in.sync", "1", "cleanup", "compact", "delete.retention.ms", "0"));
    replicas.elect(1, List.of(1, 2));
    return replicas;
  }

  private static void send(Replicas3 replicas, String key, @Nullable String value) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    byte @Nullable [] bytes = value == null ? null : value.getBytes(StandardCharsets.UTF_8);
    builder.tryAppend(1_000, key.getBytes(StandardCharsets.UTF_8), bytes, List.of());
    replicas.leaderWorld().send(Durability.STANDARD, builder.finish(Compressions.NONE));
  }

  private static void compact(Replicas3 replicas, int id) {
    PartitionWorld world = replicas.world(id);
    world.runFlush();
    List<CompactionOutcome> outcomes = new ArrayList<>();
    world.logs.compactNow(NAME, new Wishing(outcomes));
    for (int i = 0; i < 100 && outcomes.isEmpty(); i++) {
      world.scheduler.runFor(PartitionWorld.SECOND);
      world.runFlush();
    }
    assertThat(outcomes)
        .as(
            "%s visible, end %s, %s",
            replicas.highWatermarkOf(id), replicas.endOf(id), world.logs.compactions())
        .hasSize(1)
        .hasOnlyElementsOfType(CompactionOutcome.Done.class);
  }

  private record Wishing(List<CompactionOutcome> outcomes) implements CompactionWish {
    @Override
    public OptionalLong before() {
      return OptionalLong.empty();
    }

    @Override
    public void begun(long wantedTo) {}

    @Override
    public boolean isGivenUp() {
      return false;
    }

    @Override
    public void ended(CompactionOutcome outcome) {
      outcomes.add(outcome);
    }
  }

  private static List<String> records(Replicas3 replicas, int id) {
    BatchIterator batches = new BatchIterator().over(replicas.contents(id, replicas.endOf(id)));
    RecordCursor records = new RecordCursor();
    List<String> found = new ArrayList<>();
    while (batches.next()) {
      records.over(batches.batch());
      while (records.next()) {
        ByteBuffer value = records.value();
        found.add(
            records.offset()
                + " "
                + StandardCharsets.UTF_8.decode(Objects.requireNonNull(records.key()))
                + (value == null ? "" : "=" + StandardCharsets.UTF_8.decode(value)));
      }
    }
    return found;
  }

  @Test
  @DisplayName("4.10: a follower that ends within what the leader has emptied takes the rest of it")
  void aLaggingFollowerCopiesFromTheMiddleOfWhatWasEmptied() throws IOException {
    Replicas3 replicas = replicas();
    for (int i = 0; i < 5; i++) {
      send(replicas, "k", "" + i);
    }
    replicas.catchUpAll();
    assertThat(replicas.endOf(3)).isEqualTo(5);
    for (int i = 5; i < 10; i++) {
      send(replicas, "k", "" + i);
    }
    replicas.elect(1, List.of(1, 2)); // the third one is away from here on
    for (int i = 10; i < 20; i++) {
      send(replicas, "k", "" + i);
    }
    replicas.catchUp(2);
    compact(replicas, 1);
    assertThat(records(replicas, 1)).containsExactly("19 k=19");

    replicas.catchUp(3);
    assertThat(replicas.endOf(3)).isEqualTo(20);
    assertThat(records(replicas, 3))
        .containsExactly("0 k=0", "1 k=1", "2 k=2", "3 k=3", "4 k=4", "19 k=19");
    replicas.elect(3, List.of(1, 2, 3));
    replicas.catchUpAll();
    compact(replicas, 3);
    assertThat(records(replicas, 3)).containsExactly("19 k=19");
    assertThat(replicas.world(3).events).noneMatch(event -> event.contains("failed"));
  }

  @Test
  @DisplayName("4.10: a follower that missed a deletion for good starts over, no key comes back")
  void noKeyComesBackFromAFollowerThatMissedItsDeletion() throws IOException {
    Replicas3 replicas = replicas();
    send(replicas, "deleted", "1");
    send(replicas, "kept", "1");
    replicas.catchUpAll();
    replicas.elect(1, List.of(1, 2)); // the third one is away from here on
    send(replicas, "deleted", null);
    send(replicas, "kept", "2");
    replicas.catchUp(2);
    compact(replicas, 1);
    PartitionWorld leader = replicas.world(1);
    for (int i = 0; i < 40; i++) { // the tombstone's time is over: the next look takes it
      leader.scheduler.runFor(PartitionWorld.SECOND);
      leader.runFlush();
    }
    assertThat(records(replicas, 1)).containsExactly("3 kept=2");

    replicas.catchUp(3);
    assertThat(replicas.endOf(3)).isEqualTo(4);
    assertThat(records(replicas, 3)).containsExactly("3 kept=2");
  }
}
