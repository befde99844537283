package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.NioDisk;
import io.millrace.wire.Protoc;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Anybody can read what is on disk. */
class StockProtocTest {
  @TempDir Path folder;
  private LogFixture fixture;

  @BeforeEach
  void writeALog() throws IOException {
    fixture = new LogFixture(new NioDisk(), folder.resolve("data"));
    fixture.config = new LogConfig(1 << 20, 1 << 30, 100, 1000, 1 << 20);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 6);
    fixture.append(log, Batches.batch(1_700_000_000_000L, "first", "second"));
    fixture.append(log, Batches.batch(1_700_000_000_500L, "third"));
    assertThat(fixture.stop()).isTrue();
  }

  @Test
  @DisplayName("protoc --decode=io.millrace.wire.v1.BatchSequenceView reads a segment file")
  void readsASegmentFile() throws IOException {
    ByteBuffer segment = ByteBuffer.wrap(Files.readAllBytes(fixture.logFile(0)));
    assertThat(Protoc.decode("BatchSequenceView", segment))
        .contains("base_offset: 0", "leader_epoch: 6", "record_count: 2")
        .contains("value: \"first\"", "value: \"second\"")
        .contains("base_offset: 2", "value: \"third\"");
  }

  @Test
  @DisplayName("protoc --decode=io.millrace.storage.v1.IndexFile reads an index file")
  void readsAnIndexFile() throws IOException, InterruptedException {
    // Fetched by wire-format's build, beside the class that runs it; without it this is skipped.
    Protoc.decode("BatchSequence", ByteBuffer.allocate(0));
    Path text = folder.resolve("index.txt");
    Process process =
        new ProcessBuilder(
                protoc().toString(),
                "--proto_path=" + Path.of("src/main/proto").toAbsolutePath(),
                "--decode=io.millrace.storage.v1.IndexFile",
                "io/millrace/storage/v1/index.proto")
            .redirectInput(fixture.indexFile(0).toFile())
            .redirectOutput(text.toFile())
            .redirectErrorStream(true)
            .start();
    assertThat(process.waitFor()).as(Files.readString(text)).isZero();
    assertThat(Files.readString(text))
        .contains("base_offset: 0")
        .contains("offset_delta: 2")
        .contains("position: " + firstBatchSize())
        .contains("max_timestamp_before: 1700000000001");
  }

  private static Path protoc() {
    try {
      return Path.of(Protoc.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .resolve("../../target/protoc/protoc")
          .normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private long firstBatchSize() throws IOException {
    long[] size = {-1};
    new LogDump(
            new NioDisk(),
            false,
            item -> {
              if (item instanceof DumpItem.OfBatch batch && size[0] < 0) {
                size[0] = batch.sizeBytes();
              }
            })
        .dump(fixture.logFile(0));
    return size[0];
  }
}
