package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.Protoc;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promise that every byte is protobuf, held against bytes that real processes made: frames as
 * they went over a socket, and the segment file of a broker that was killed.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class StockProtocIT {
  /** What {@code protoc} prints for a field that the schema does not know. */
  private static final Pattern UNKNOWN_FIELD = Pattern.compile("(?m)^\\s*\\d+(:| \\{)");

  @TempDir Path dir;

  @Test
  void readsFramesOffASocketAndTheSegmentThatABrokerWrote() throws IOException {
    try (RecordingProxy proxy = new RecordingProxy();
        Servers servers = new Servers(dir)) {
      servers.zooKeeper();
      MillraceProcess broker = servers.start(1, "listener.client.advertised=" + proxy.address());
      MatchResult ready = Servers.awaitReady(broker);
      proxy.to(Integer.parseInt(ready.group(3)));
      servers.run("topic", "create", "notes", "--partitions", "1", "--replicas", "1");
      Path lines = Files.writeString(dir.resolve("lines"), "k1=first light\nk2=second\n");
      servers.run("produce", "notes", lines.toString(), "--key-delimiter", "=");
      assertThat(servers.run("consume", "notes", "--from", "earliest", "--until-end").out())
          .isEqualTo("first light\nsecond\n");

      List<String> requests = decode("Request", proxy.requests());
      assertThat(requests).anySatisfy(text -> assertThat(text).contains("hello {", "client_name"));
      assertThat(requests)
          .as("the produce request, its records in the payload")
          .anySatisfy(
              text -> assertThat(text).contains("produce {", "payload: ", "k1", "first light"));
      assertThat(requests).anySatisfy(text -> assertThat(text).contains("fetch {", "max_wait_ms"));

      List<ByteBuffer> frames = proxy.responses();
      List<String> responses = decode("Response", frames);
      assertThat(responses)
          .anySatisfy(text -> assertThat(text).contains("hello {", "broker_id: 1"));
      assertThat(responses)
          .anySatisfy(
              text ->
                  assertThat(text)
                      .contains("produce {", "base_offsets: 0", "reached: ", "leader_epoch: 1"));
      assertThat(responses)
          .as("a fetch answer that the kernel sent from the file")
          .anySatisfy(
              text -> assertThat(text).contains("fetch {", "high_watermark: 2", "payload: "));
      assertShowsTheRecords(fetchedPayload(frames));

      broker.kill();
      Path segment = segment(servers.data(1));
      ByteBuffer written = ByteBuffer.wrap(Files.readAllBytes(segment));
      assertThat(decode("BatchSequence", List.of(written)))
          .singleElement()
          .asString()
          .contains("batch {", "base_offset: 0", "record_count: 2", "records: \"");
      assertShowsTheRecords(written);
    }
  }

  /** As a person would look at them, down to the single record. */
  private static void assertShowsTheRecords(ByteBuffer batches) {
    assertThat(decode("BatchSequenceView", List.of(batches)))
        .singleElement()
        .asString()
        .contains("batch {", "records {", "key: \"k1\"", "value: \"first light\"", "key: \"k2\"");
  }

  private static List<String> decode(String message, List<ByteBuffer> all) {
    assertThat(all).isNotEmpty();
    List<String> texts = new ArrayList<>();
    for (ByteBuffer bytes : all) {
      String text = Protoc.decode(message, bytes);
      assertThat(text)
          .as("no byte that the schema does not name")
          .doesNotContainPattern(UNKNOWN_FIELD);
      texts.add(text);
    }
    return texts;
  }

  private static ByteBuffer fetchedPayload(List<ByteBuffer> frames)
      throws InvalidProtocolBufferException {
    for (ByteBuffer frame : frames) {
      Response response = Response.parseFrom(frame.duplicate());
      if (response.hasFetch() && !response.getPayload().isEmpty()) {
        return response.getPayload().asReadOnlyByteBuffer();
      }
    }
    throw new AssertionError("no fetch answer with records among " + frames.size() + " frames");
  }

  private static Path segment(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      List<Path> segments =
          files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
      assertThat(segments).as("segments of the one partition").hasSize(1);
      return segments.get(0);
    }
  }
}
