package io.millrace.client.consumer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializers;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.fake.Resealed;
import io.millrace.rpc.ReceivedBytes;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchView;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import io.millrace.wire.RecordHeader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetched bytes become records, and memory that is given back is not looked at again. */
class RecordReaderTest {
  private static final TopicPartition PARTITION = new TopicPartition("t", 0);

  /** Overwritten when it is given back. */
  private static final class Memory implements ReceivedBytes {
    final ByteBuffer bytes;
    int releases;

    Memory(ByteBuffer content) {
      bytes = ByteBuffer.allocateDirect(content.remaining()).put(content.duplicate()).flip();
    }

    @Override
    public ByteBuffer buffer() {
      return bytes.duplicate();
    }

    @Override
    public ReceivedBytes retain() {
      throw new AssertionError();
    }

    @Override
    public void release() {
      releases++;
      for (int i = 0; i < bytes.capacity(); i++) {
        bytes.put(i, (byte) 0xDB);
      }
    }
  }

  private final PrefetchMemory prefetched = new PrefetchMemory();
  private final AssignedPartition partition = new AssignedPartition(PARTITION);
  private final RecordReader<String, String> reader =
      new RecordReader<>(ConsumerWorld::record, Deserializers.string(), Deserializers.string());

  private Memory receive(ByteBuffer batches, long start, long next) {
    partition.seek(new StartAt.Offset(start, StartAt.NO_EPOCH, "", true));
    return receive(batches, next);
  }

  private Memory receive(ByteBuffer batches, long next) {
    ReadRun run = partition.begin();
    Memory memory = new Memory(batches);
    FetchedFrame frame = new FetchedFrame(memory, batches.remaining(), prefetched);
    partition.receive(new Delivery.Records(new FetchedShare(run, memory.buffer(), next, frame)));
    frame.leave();
    return memory;
  }

  private List<ConsumerRecord<String, String>> read(int most) {
    FetchedShare share = partition.share();
    return share == null ? List.of() : reader.read(partition, share, most);
  }

  private static ByteBuffer batch(
      Compression compression, long offset, List<byte @Nullable []> keysAndValues) {
    BatchBuilder builder = new BatchBuilder(8 << 20, 8 << 20, ByteBuffer::allocate);
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      List<RecordHeader> headers =
          i == 0
              ? List.of(new RecordHeader("h", null), new RecordHeader("h", new byte[1]))
              : List.of();
      if (!builder.tryAppend(i, keysAndValues.get(i), keysAndValues.get(i + 1), headers)) {
        throw new AssertionError();
      }
    }
    ByteBuffer finished = builder.finish(compression);
    new BatchView().wrap(finished, finished.position()).stamp(offset, 3, 0);
    return finished;
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "zstd"})
  void readsAllKindsOfRecordsInAnyPortions(String compression) {
    List<byte @Nullable []> content = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      content.add(i % 3 == 0 ? null : ("key" + i).getBytes(UTF_8));
      content.add(i % 5 == 0 ? null : ("v" + "x".repeat(i * 7) + i).getBytes(UTF_8));
    }
    for (int portion : new int[] {1, 7, 1000}) {
      Memory memory = receive(batch(Compressions.named(compression), 40, content), 42, 345);
      List<ConsumerRecord<String, String>> records = new ArrayList<>();
      while (partition.share() != null) {
        records.addAll(read(portion));
      }

      assertThat(memory.releases).isEqualTo(1);
      assertThat(records).hasSize(298);
      for (int i = 2; i < 300; i++) {
        ConsumerRecord<String, String> record = records.get(i - 2);
        assertThat(record.offset()).isEqualTo(40 + i);
        assertThat(record.key()).isEqualTo(i % 3 == 0 ? null : "key" + i);
        assertThat(record.value()).isEqualTo(i % 5 == 0 ? null : "v" + "x".repeat(i * 7) + i);
      }
      assertThat(partition.position()).isEqualTo(345);
    }
  }

  @Test
  void goesOnAfterAPauseInTheMiddleOfABatch() {
    List<byte @Nullable []> content = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      content.add(null);
      content.add(("v" + i).getBytes(UTF_8));
    }
    Memory memory = receive(batch(Compressions.NONE, 0, content), 0, 40);
    List<ConsumerRecord<String, String>> records = new ArrayList<>(read(15));
    reader.forget(partition);
    partition.setPaused(true); // lets go of the network's memory
    assertThat(memory.releases).isEqualTo(1);
    assertThat(prefetched.heldBytes()).isPositive();
    partition.setPaused(false);
    while (partition.share() != null) {
      records.addAll(read(15));
    }

    assertThat(records).hasSize(40);
    assertThat(records.get(39).value()).isEqualTo("v39");
    assertThat(prefetched.heldBytes()).isZero();
  }

  @Test
  void keepsHeaders() {
    receive(batch(Compressions.NONE, 0, Arrays.asList(null, null)), 0, 1);

    List<RecordHeader> headers = read(1).get(0).headers();

    assertThat(headers)
        .containsExactly(new RecordHeader("h", null), new RecordHeader("h", new byte[1]));
  }

  @Test
  void b95_refusesEveryFlippedBitUnderTheChecksumAndReturnsNothing() {
    ByteBuffer good = batch(Compressions.NONE, 0, List.of(new byte[3], new byte[9]));
    for (int at = good.limit() - 12; at < good.limit(); at++) {
      ByteBuffer bad = ByteBuffer.allocate(good.remaining()).put(good.duplicate()).flip();
      int index = at - good.position();
      bad.put(index, (byte) (bad.get(index) ^ 0x10));
      Memory memory = receive(bad, 0, 1);

      assertThat(read(10)).isEmpty();
      assertThat(memory.releases).isEqualTo(1);
      assertThat(partition.hasFailed()).as("it is asked for once more").isFalse();
      assertThat(partition.isToBeStarted()).isTrue();
      receive(bad, 1);
      assertThat(read(10)).isEmpty();
      assertThat(partition.hasFailed()).isTrue();
      assertThat(partition.takeFailure()).isInstanceOf(CorruptRecordException.class);
      assertThat(partition.position()).isZero();
    }
  }

  /** One batch that is made into objects as it is checked, one that is walked over first. */
  @ParameterizedTest
  @ValueSource(ints = {10, RecordReader.MOST_AHEAD + 1})
  void returnsNothingOfABatchWhoseLastRecordIsNoGood(int count) {
    List<byte @Nullable []> content = Collections.nCopies(2 * count, new byte[5]);
    ByteBuffer good = batch(Compressions.NONE, 0, content);
    for (int claimed : new int[] {count - 1, count + 1, 0, -1, Integer.MAX_VALUE}) {
      receive(Resealed.batch(good, batch -> batch.setRecordCount(claimed)), 0, count);

      assertThat(read(3)).as("%s records, it says", claimed).isEmpty();
      assertThat(partition.isToBeStarted()).as("it is asked for once more").isTrue();
      assertThat(partition.position()).isZero();
    }
    Memory memory = receive(good, 0, count);
    assertThat(read(Integer.MAX_VALUE)).hasSize(count);
    assertThat(read(1)).isEmpty();
    assertThat(memory.releases).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {RecordReader.MOST_AHEAD, 5000})
  void allocatesTheRecordAndItsBytesAndNothingElse(int count) {
    List<byte @Nullable []> content = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      content.add(new byte[10]);
      content.add(new byte[90]);
    }
    ByteBuffer batch = batch(Compressions.NONE, 0, content);
    RecordReader<String, String> undecoding =
        new RecordReader<>(
            (chunk, offset, timestamp, headers, keyAt, keySize, valueAt, valueSize) ->
                new ConsumerRecord<>(
                    chunk.topicPartition(), offset, timestamp, null, null, headers),
            Deserializers.string(),
            Deserializers.string());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = 0;
    for (int round = 0; round < 40; round++) {
      receive(batch, 0, count);
      long before = threads.getCurrentThreadAllocatedBytes();
      for (FetchedShare share = partition.share(); share != null; share = partition.share()) {
        undecoding.read(partition, share, 500);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    long recordBytes = 64;
    long referenceBytes = count <= RecordReader.MOST_AHEAD ? 14 : 6; // in lists
    long contentBytes = (long) batch.remaining() / count + 2;

    assertThat(allocated / count).isLessThanOrEqualTo(recordBytes + referenceBytes + contentBytes);
  }
}
