package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.compaction.CompactionConfig;
import io.millrace.storage.compaction.CompactionPace;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A compacted log, and a map of what it should say. */
final class CompactionFixture {
  static final long DELETE_RETENTION_MILLIS = 60_000;

  final LogFixture storage;
  final TreeMap<Long, Entry> written = new TreeMap<>();
  @Nullable PartitionLog log;
  private int sequence;
  Compression compression = Compressions.NONE;

  /** A record; without a value a tombstone. */
  record Entry(long offset, String key, @Nullable String value) {}

  CompactionFixture(MemoryDisk disk, int segmentBytes) {
    storage = LogFixture.inMemory(disk);
    storage.config =
        new LogConfig(segmentBytes, 1L << 40, 300, 1000, 1 << 20)
            .withCompaction(new CompactionConfig(true, 0, -1, 0.3, DELETE_RETENTION_MILLIS));
    storage.storeConfig =
        storage.storeConfig.withCompaction(new CompactionPace(1_000, 1 << 20, 1L << 40));
  }

  PartitionLog log() {
    return Objects.requireNonNull(log);
  }

  void start() throws IOException {
    storage.start();
    log = storage.open();
  }

  void epoch(int epoch) {
    storage.beginEpoch(log(), epoch);
  }

  /** One batch: {@code key=value}, or {@code key} alone for a tombstone. */
  long append(String... records) {
    return append(BatchLayout.NO_PRODUCER_ID, records);
  }

  long append(long producerId, String... records) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    List<Entry> entries = new ArrayList<>();
    long base = storage.ask(() -> log().endOffset());
    for (String record : records) {
      int split = record.indexOf('=');
      String key = split < 0 ? record : record.substring(0, split);
      String value = split < 0 ? null : record.substring(split + 1);
      builder.tryAppend(storage.owner.clock().wallMillis(), bytes(key), bytes(value), List.of());
      entries.add(new Entry(base + entries.size(), key, value));
    }
    if (producerId != BatchLayout.NO_PRODUCER_ID) {
      builder.producer(producerId, 0, sequence);
      sequence += records.length;
    }
    ByteBuffer finished = builder.finish(compression);
    ByteBuffer own = ByteBuffer.allocate(finished.remaining()).put(finished).flip();
    entries.forEach(entry -> written.put(entry.offset(), entry));
    return storage.append(log(), own);
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  /** All there is becomes closed, committed and forced; then compaction looks as often as asked. */
  void compact() {
    storage.flushNow(log());
    storage.onOwner(() -> log().noteHighWatermark(log().endOffset()));
    List<CompactionOutcome> outcomes = new ArrayList<>();
    storage.store().compactNow(LogFixture.NAME, new Wishing(OptionalLong.empty(), outcomes));
    for (int i = 0; i < 10_000 && outcomes.isEmpty(); i++) {
      storage.settle();
      storage.housekeeping.advanceMillis(100);
    }
    storage.settle();
    assertThat(outcomes).hasSize(1).hasOnlyElementsOfType(CompactionOutcome.Done.class);
  }

  /** Waits for ever. */
  record Wishing(OptionalLong before, List<CompactionOutcome> outcomes) implements CompactionWish {
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

  /** Time for what compaction does by itself. */
  void pass(long millis) {
    for (long passed = 0; passed < millis; passed += 500) {
      storage.owner.advanceMillis(500);
      storage.housekeeping.advanceMillis(500);
      storage.settle();
    }
  }

  /** What a reader finds, from the beginning on. */
  List<Entry> read() {
    return storage.ask(
        () -> {
          List<Entry> found = new ArrayList<>();
          RecordCursor records = new RecordCursor();
          long next = log().startOffset();
          while (log().read(next, 400, log().endOffset()) instanceof ReadResult.Data data) {
            BatchIterator batches = new BatchIterator().over(Batches.bytes(data.slice()));
            while (batches.next()) {
              records.over(batches.batch());
              while (records.next()) {
                found.add(
                    new Entry(
                        records.offset(),
                        Objects.requireNonNull(text(records.key())),
                        text(records.value())));
              }
            }
            assertThat(data.nextOffset()).isGreaterThan(next);
            next = data.nextOffset();
          }
          assertThat(next).isEqualTo(log().endOffset());
          return found;
        });
  }

  private static @Nullable String text(@Nullable ByteBuffer bytes) {
    return bytes == null ? null : StandardCharsets.UTF_8.decode(bytes).toString();
  }

  /**
   * That a reader from the beginning ends with what was written last, meets nothing that was not
   * written, nothing twice, and all in order.
   */
  void assertTellsTheTruth() {
    List<Entry> found = read();
    assertThat(found).allMatch(entry -> entry.equals(written.get(entry.offset())));
    assertThat(found).isSortedAccordingTo((a, b) -> Long.compare(a.offset(), b.offset()));
    assertThat(found.stream().map(Entry::offset)).doesNotHaveDuplicates();
    assertThat(state(found)).isEqualTo(state(written.values()));
  }

  static Map<String, String> state(Iterable<Entry> entries) {
    TreeMap<String, String> state = new TreeMap<>();
    for (Entry entry : entries) {
      if (entry.value() == null) {
        state.remove(entry.key());
      } else {
        state.put(entry.key(), entry.value());
      }
    }
    return state;
  }
}
