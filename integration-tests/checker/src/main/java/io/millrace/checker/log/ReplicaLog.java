package io.millrace.checker.log;

import io.millrace.checker.log.LogProblem.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;

/** All that one replica has of a partition, read from its directory while nothing writes there. */
public final class ReplicaLog {
  private static final String SEGMENT_SUFFIX = ".log";
  private static final String EPOCHS_FILE = "leader-epochs";
  private static final Pattern EPOCH_LINE = Pattern.compile("[0-9]{1,10} [0-9]{1,18}");
  private static final int BATCH_TAG = 0x0A;
  private static final int CHECKED_FROM = 28;
  private static final int COMPRESSION_MASK = 7;
  private static final int NOT_COMPRESSED = 0;
  private static final int GZIP = 1;

  private final String name;
  private final List<StoredBatch> batches = new ArrayList<>();
  private final NavigableMap<Long, String> values = new TreeMap<>();
  private final NavigableMap<Long, StoredRecord> records = new TreeMap<>();
  private final NavigableMap<Long, Long> epochStarts = new TreeMap<>();
  private final List<LogProblem> problems = new ArrayList<>();

  /** Of its batches, by the offset where each begins. */
  private final NavigableMap<Long, Long> epochs = new TreeMap<>();

  private boolean unreadValues;
  private long soundEnd;
  private boolean damaged;

  private ReplicaLog(String name) {
    this.name = name;
  }

  /**
   * @param name of the replica, for people
   * @param directory of the partition
   */
  public static ReplicaLog read(String name, Path directory) throws IOException {
    NavigableMap<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(ReplicaLog::isRead).toList()) {
        contents.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
      }
    }
    return of(name, contents);
  }

  private static boolean isRead(Path file) {
    String fileName = String.valueOf(file.getFileName());
    return fileName.endsWith(SEGMENT_SUFFIX) || fileName.equals(EPOCHS_FILE);
  }

  /**
   * As {@link #read}, of files that lie elsewhere.
   *
   * @param files their contents by name; others than segments and the list of epochs are passed
   *     over
   */
  public static ReplicaLog of(String name, NavigableMap<String, byte[]> files) {
    ReplicaLog log = new ReplicaLog(name);
    List<String> segments =
        files.keySet().stream().filter(file -> file.endsWith(SEGMENT_SUFFIX)).toList();
    for (int i = 0; i < segments.size(); i++) {
      String segment = segments.get(i);
      log.segment(segment, ByteBuffer.wrap(files.get(segment)), i == segments.size() - 1);
    }
    byte[] epochs = files.get(EPOCHS_FILE);
    if (epochs != null) {
      for (String line : new String(epochs, StandardCharsets.UTF_8).split("\\R", -1)) {
        if (EPOCH_LINE.matcher(line).matches()) {
          String[] fields = line.split(" ", -1);
          log.epochStarts.put(Long.parseLong(fields[0]), Long.parseLong(fields[1]));
        }
      }
      log.checkEpochs();
    }
    return log;
  }

  public String name() {
    return name;
  }

  List<StoredBatch> batches() {
    return batches;
  }

  /** Of uncompressed and gzip batches, as text; see {@link #unreadValues}. */
  public NavigableMap<Long, String> values() {
    return values;
  }

  /** Of uncompressed and gzip batches; see {@link #unreadValues}. */
  NavigableMap<Long, StoredRecord> records() {
    return records;
  }

  /** Of the batch that an offset lies in; empty outside of the log. */
  OptionalLong epochAt(long offset) {
    Map.Entry<Long, Long> begun = epochs.floorEntry(offset);
    return begun == null || offset >= endOffset()
        ? OptionalLong.empty()
        : OptionalLong.of(begun.getValue());
  }

  /** Whether there are batches whose records this reader cannot unpack. */
  public boolean unreadValues() {
    return unreadValues;
  }

  /** Found within this replica alone. */
  public List<LogProblem> problems() {
    return problems;
  }

  long startOffset() {
    return batches.isEmpty() ? 0 : batches.get(0).baseOffset();
  }

  public long endOffset() {
    return batches.isEmpty() ? 0 : batches.get(batches.size() - 1).lastOffset() + 1;
  }

  /** The offset behind the last batch before the first damaged one. */
  public long soundEnd() {
    return soundEnd;
  }

  private void segment(String file, ByteBuffer bytes, boolean last) {
    ProtoBytes proto = new ProtoBytes(bytes);
    while (!proto.atEnd() && proto.peek() != 0) {
      String where = name + " " + file + ":" + proto.position();
      try {
        proto.tag(BATCH_TAG);
        batch(proto.sized(), where);
      } catch (ProtoBytes.Unreadable e) {
        add(Kind.NO_BATCH, where, e.what());
        return;
      }
    }
    if (!proto.atEnd() && !last) {
      add(Kind.NO_BATCH, name + " " + file + ":" + proto.position(), "zeros");
    }
  }

  private void batch(ByteBuffer body, String where) throws ProtoBytes.Unreadable {
    ProtoBytes proto = new ProtoBytes(body);
    long baseOffset = proto.fixed64(0x09);
    long epoch = proto.fixed32(0x15);
    proto.fixed64(0x19);
    long checksum = proto.fixed32(0x25);
    long attributes = proto.fixed32(0x2D);
    long lastOffset = baseOffset + proto.fixed32(0x35);
    proto.fixed64(0x39);
    proto.fixed64(0x41);
    proto.fixed64(0x49);
    proto.fixed32(0x55);
    proto.fixed32(0x5D);
    proto.fixed32(0x65);
    proto.tag(0x7A);
    ByteBuffer records = proto.sized();
    CRC32C crc = new CRC32C();
    crc.update(body.slice(CHECKED_FROM, body.limit() - CHECKED_FROM));
    if (crc.getValue() != checksum) {
      add(Kind.CHECKSUM, where, "offset " + baseOffset);
    }
    StoredBatch batch = new StoredBatch(baseOffset, lastOffset, epoch, where, digest(body));
    if (!batches.isEmpty()) {
      follows(batches.get(batches.size() - 1), batch);
    }
    batches.add(batch);
    epochs.put(baseOffset, epoch);
    if (!damaged) {
      soundEnd = lastOffset + 1;
    }
    records((int) attributes & COMPRESSION_MASK, records, batch);
  }

  private void follows(StoredBatch before, StoredBatch now) {
    if (now.baseOffset() > before.lastOffset() + 1) {
      add(Kind.GAP, now.where(), now.baseOffset() + " follows " + before.lastOffset());
    } else if (now.baseOffset() <= before.lastOffset()) {
      add(Kind.OVERLAP, now.where(), now.baseOffset() + " follows " + before.lastOffset());
    }
    if (now.epoch() < before.epoch()) {
      add(Kind.EPOCH_BACK, now.where(), "epoch " + now.epoch() + " follows " + before.epoch());
    }
  }

  /** The bytes themselves, a character each: the same for the same bytes only. */
  private static String digest(ByteBuffer bytes) {
    return StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
  }

  private void records(int compression, ByteBuffer packed, StoredBatch batch)
      throws ProtoBytes.Unreadable {
    ByteBuffer records = packed;
    if (compression == GZIP) {
      byte[] compressed = new byte[packed.remaining()];
      packed.get(compressed);
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
        records = ByteBuffer.wrap(in.readAllBytes());
      } catch (IOException e) {
        throw new ProtoBytes.Unreadable("records are no gzip: " + e.getMessage());
      }
    } else if (compression != NOT_COMPRESSED) {
      unreadValues = true;
      return;
    }
    ProtoBytes proto = new ProtoBytes(records);
    long before = batch.baseOffset() - 1;
    while (!proto.atEnd()) {
      proto.tag(0x0A);
      StoredRecord record = record(new ProtoBytes(proto.sized()), before, batch.baseOffset());
      if (record.offset() <= before || record.offset() > batch.lastOffset()) {
        add(
            Kind.OVERLAP,
            batch.where(),
            "record " + record.offset() + " follows " + before + " within a batch");
      }
      before = record.offset();
      this.records.put(before, record);
      if (record.value() != null) {
        values.put(before, record.value());
      }
    }
  }

  private static StoredRecord record(ProtoBytes proto, long before, long baseOffset)
      throws ProtoBytes.Unreadable {
    long offset = before + 1;
    String key = null;
    String value = null;
    List<String> headers = new ArrayList<>();
    while (!proto.atEnd()) {
      int tag = proto.peek();
      proto.tag(tag);
      switch (tag) {
        case 0x08 -> proto.varint();
        case 0x10 -> offset = baseOffset + proto.varint();
        case 0x1A -> key = text(proto.sized());
        case 0x22 -> value = text(proto.sized());
        case 0x2A -> headers.add(digest(proto.sized()));
        default -> throw new ProtoBytes.Unreadable("unknown tag %02X in a record".formatted(tag));
      }
    }
    return new StoredRecord(offset, key, value, headers);
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  /** Each epoch of a batch is listed, and begins where the list says, or with the log. */
  private void checkEpochs() {
    long current = -1;
    for (StoredBatch batch : batches) {
      if (batch.epoch() == current) {
        continue;
      }
      current = batch.epoch();
      Long start = epochStarts.get(current);
      if (start == null) {
        add(Kind.EPOCH_LIST, batch.where(), "epoch " + current + " is not listed");
      } else if (start != batch.baseOffset()
          && !(start < batch.baseOffset() && batch.baseOffset() == startOffset())) {
        add(
            Kind.EPOCH_LIST,
            batch.where(),
            "epoch " + current + " begins at " + batch.baseOffset() + ", listed " + start);
      }
    }
  }

  private void add(Kind kind, String where, String what) {
    damaged = true;
    problems.add(new LogProblem(kind, where, what));
  }
}
