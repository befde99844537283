package io.millrace.checker.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.History;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import io.millrace.checker.log.LogProblem.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogDifferTest {
  @TempDir Path dir;

  @Test
  void findsNothingInEqualLogs() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a", "b"), batch(2, 2, "c")),
            replica("two", batch(0, 1, "a", "b"), batch(2, 2, "c")));

    assertThat(LogDiffer.compare(replicas, 3)).isEmpty();
    assertThat(replicas.get(0).values()).containsEntry(0L, "a").containsEntry(2L, "c").hasSize(3);
  }

  @Test
  void findsDifferentBytesBelowTheWatermarkOnly() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a"), batch(1, 1, "b")),
            replica("two", batch(0, 1, "a"), batch(1, 2, "x")));

    assertThat(LogDiffer.compare(replicas, 1)).isEmpty();
    assertThat(kinds(LogDiffer.compare(replicas, 2))).containsExactly(Kind.DIFFERENT);
  }

  @Test
  void findsBatchesThatDoNotLineUp() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a", "b")),
            replica("two", batch(0, 1, "a"), batch(1, 1, "b")));

    assertThat(kinds(LogDiffer.compare(replicas, 2))).containsOnly(Kind.DIFFERENT);
  }

  @Test
  void allowsAReplicaThatHasLostItsFrontToRetention() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a"), batch(1, 1, "b")), replica("two", batch(1, 1, "b")));

    assertThat(LogDiffer.compare(replicas, 2)).isEmpty();
  }

  @Test
  void findsALogThatEndsBelowTheWatermark() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a"), batch(1, 1, "b")), replica("two", batch(0, 1, "a")));

    assertThat(kinds(LogDiffer.compare(replicas, 2))).containsExactly(Kind.SHORT);
  }

  @Test
  void findsGapsOverlapsAndEpochsThatGoBack() throws IOException {
    assertThat(kinds(replica("gap", batch(0, 1, "a"), batch(2, 1, "b")).problems()))
        .containsExactly(Kind.GAP);
    assertThat(kinds(replica("overlap", batch(0, 1, "a", "b"), batch(1, 1, "b")).problems()))
        .containsExactly(Kind.OVERLAP);
    assertThat(kinds(replica("epoch", batch(0, 2, "a"), batch(1, 1, "b")).problems()))
        .containsExactly(Kind.EPOCH_BACK);
  }

  @Test
  void findsEveryFlippedByteUnderTheChecksum() throws IOException {
    byte[] good = batch(0, 1, "abc");
    for (int position = 2 + 28; position < good.length; position++) {
      byte[] bad = good.clone();
      bad[position] ^= 0x10;

      assertThat(kinds(replica("flip-" + position, bad, batch(1, 1, "d")).problems()))
          .as("position " + position)
          .containsAnyOf(Kind.CHECKSUM, Kind.NO_BATCH);
    }
  }

  @Test
  void findsATornBatchAndPassesZerosAtTheEnd() throws IOException {
    byte[] whole = batch(0, 1, "a");
    for (int length = 1; length < whole.length; length++) {
      ReplicaLog torn = replica("torn-" + length, Arrays.copyOf(whole, length));
      assertThat(kinds(torn.problems())).as("length " + length).containsExactly(Kind.NO_BATCH);
    }
    assertThat(replica("zeros", whole, new byte[100]).problems()).isEmpty();
  }

  @Test
  void holdsTheListOfEpochsAgainstTheBatches() throws IOException {
    assertThat(withEpochs("right", "1 0", "2 1").problems()).isEmpty();
    assertThat(withEpochs("unused", "1 0", "2 1", "3 2").problems()).isEmpty();
    assertThat(kinds(withEpochs("missing", "1 0").problems())).containsExactly(Kind.EPOCH_LIST);
    assertThat(kinds(withEpochs("late", "1 0", "2 0").problems())).containsExactly(Kind.EPOCH_LIST);
  }

  @Test
  void looksForAcknowledgedValuesInEveryReplica() throws IOException {
    List<ReplicaLog> replicas =
        List.of(
            replica("one", batch(0, 1, "a"), batch(1, 1, "b")),
            replica("two", batch(0, 1, "a"), batch(1, 1, "x")));

    assertThat(LogDiffer.acknowledged(replicas, acknowledged("a", 0), "k")).isEmpty();
    assertThat(LogDiffer.acknowledged(replicas, acknowledged("b", 1), "k"))
        .singleElement()
        .satisfies(problem -> assertThat(problem.where()).contains("two"));
    assertThat(LogDiffer.acknowledged(replicas, acknowledged("c", 2), "k")).hasSize(2);
  }

  private static History acknowledged(String value, long offset) {
    Step send = new Step.Send("k", value, offset);
    return new History(
        List.of(new Operation(0, 1, Call.SEND, Phase.OK, 0, 1, List.of(send))), Set.of());
  }

  private static List<Kind> kinds(List<LogProblem> problems) {
    return problems.stream().map(LogProblem::kind).toList();
  }

  private ReplicaLog withEpochs(String name, String... lines) throws IOException {
    Path directory = write(name, batch(0, 1, "a"), batch(1, 2, "b"));
    Files.writeString(
        directory.resolve("leader-epochs"), "head\n" + String.join("\n", lines) + "\ncrc=0\n");
    return ReplicaLog.read(name, directory);
  }

  private ReplicaLog replica(String name, byte[]... batches) throws IOException {
    return ReplicaLog.read(name, write(name, batches));
  }

  private Path write(String name, byte[]... batches) throws IOException {
    Path directory = Files.createDirectory(dir.resolve(name));
    ByteArrayOutputStream segment = new ByteArrayOutputStream();
    for (byte[] batch : batches) {
      segment.write(batch);
    }
    Files.write(directory.resolve("00000000000000000000.log"), segment.toByteArray());
    return directory;
  }

  /** An uncompressed batch as PROTOCOL.md draws it; short enough for lengths of one byte. */
  private static byte[] batch(long baseOffset, int epoch, String... values) {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    for (String value : values) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      records.write(0x0A);
      records.write(bytes.length + 2);
      records.write(0x22);
      records.write(bytes.length);
      records.writeBytes(bytes);
    }
    ByteBuffer body = ByteBuffer.allocate(82 + records.size()).order(ByteOrder.LITTLE_ENDIAN);
    body.put((byte) 0x09).putLong(baseOffset).put((byte) 0x15).putInt(epoch);
    body.put((byte) 0x19).putLong(1).put((byte) 0x25).putInt(0);
    body.put((byte) 0x2D).putInt(0).put((byte) 0x35).putInt(values.length - 1);
    body.put((byte) 0x39).putLong(1).put((byte) 0x41).putLong(1);
    body.put((byte) 0x49).putLong(-1).put((byte) 0x55).putInt(-1).put((byte) 0x5D).putInt(-1);
    body.put((byte) 0x65).putInt(values.length);
    body.put((byte) 0x7A).put((byte) records.size()).put(records.toByteArray());
    CRC32C crc = new CRC32C();
    crc.update(body.array(), 28, body.limit() - 28);
    body.putInt(24, (int) crc.getValue());
    ByteBuffer batch = ByteBuffer.allocate(2 + body.limit());
    batch.put((byte) 0x0A).put((byte) body.limit()).put(body.flip());
    return batch.array();
  }
}
