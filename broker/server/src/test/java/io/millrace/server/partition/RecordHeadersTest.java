package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.Compressions;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.RecordHeader;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("B41: headers, many, of one name, without a value")
class RecordHeadersTest {
  @TempDir Path root;
  private PartitionWorld world;

  @BeforeEach
  void makeWorld() throws IOException {
    world = new PartitionWorld(root);
    world.leading("leader");
  }

  private static ByteBuffer batch(List<RecordHeader> headers) {
    BatchBuilder builder = new BatchBuilder(4 << 20, 4 << 20, ByteBuffer::allocate);
    assertThat(builder.tryAppend(1_000, null, ByteBuffer.allocate(1), headers)).isTrue();
    ByteBuffer finished = builder.finish(Compressions.NONE);
    return ByteBuffer.allocate(finished.remaining()).put(finished).flip();
  }

  private List<RecordHeader> readBack() {
    ReadResult.Served served = (ReadResult.Served) world.read(0);
    BatchIterator batches = new BatchIterator().over(Batches.bytes(served.slice().orElseThrow()));
    assertThat(batches.next()).isTrue();
    RecordCursor records = new RecordCursor().over(batches.batch());
    assertThat(records.next()).isTrue();
    return records.headers();
  }

  @Test
  void b41_tenThousandComeBackInTheirOrderDuplicatesAndAll() {
    List<RecordHeader> headers = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      headers.add(
          new RecordHeader(
              i % 3 == 0 ? "same" : i % 3 == 1 ? "" : "n" + i,
              i % 2 == 0 ? null : new byte[] {(byte) i}));
    }

    world.send(Durability.LEADER, batch(headers)).appended();

    assertThat(readBack()).isEqualTo(headers);
  }

  @Test
  @DisplayName("B41: what the headers take counts towards the record's limit")
  void b41_headersCountTowardsTheLimit() {
    List<RecordHeader> headers = List.of(new RecordHeader("large", new byte[(1 << 20) - 4]));
    assertThat(world.send(Durability.LEADER, batch(headers)).refusal().code())
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(world.onLoop(() -> world.shard.get(PartitionWorld.ORDERS).log().endOffset()))
        .isZero();
  }
}
