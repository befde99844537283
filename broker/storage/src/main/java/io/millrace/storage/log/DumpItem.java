package io.millrace.storage.log;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a look at a log's files shows, one thing a line; {@code toString} is that line. */
public sealed interface DumpItem {
  /** A file begins. */
  record OfFile(Path file, long sizeBytes) implements DumpItem {
    @Override
    public String toString() {
      return file + " size=" + sizeBytes;
    }
  }

  /** From the list of leader epochs. */
  record OfEpoch(int epoch, long startOffset) implements DumpItem {
    @Override
    public String toString() {
      return "  epoch " + epoch + " from offset " + startOffset;
    }
  }

  /**
   * A batch, by its header.
   *
   * @param position of its first byte in the file
   * @param compressionId as in the attributes
   * @param producerId -1: none
   */
  record OfBatch(
      long position,
      int sizeBytes,
      long baseOffset,
      long lastOffset,
      int leaderEpoch,
      long appendTimestamp,
      long maxTimestamp,
      int recordCount,
      int compressionId,
      int attributes,
      long producerId,
      int producerEpoch,
      int baseSequence,
      boolean checksumMatches)
      implements DumpItem {
    @Override
    public String toString() {
      String producer =
          producerId < 0
              ? ""
              : " producer=" + producerId + "/" + producerEpoch + "/" + baseSequence;
      return "  batch position="
          + position
          + " size="
          + sizeBytes
          + " offsets="
          + baseOffset
          + ".."
          + lastOffset
          + " epoch="
          + leaderEpoch
          + " records="
          + recordCount
          + " appended="
          + Instant.ofEpochMilli(appendTimestamp)
          + " latest="
          + Instant.ofEpochMilli(maxTimestamp)
          + " compression="
          + compressionId
          + " attributes=0x"
          + Integer.toHexString(attributes)
          + producer
          + (checksumMatches ? "" : " CHECKSUM DOES NOT MATCH");
    }
  }

  /**
   * A record of the batch before.
   *
   * @param key null when absent
   * @param value null: a tombstone
   */
  record OfRecord(
      long offset,
      long timestampMillis,
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      int headerCount)
      implements DumpItem {
    private static final int SHOWN = 160;

    @Override
    public String toString() {
      return "    record offset="
          + offset
          + " time="
          + Instant.ofEpochMilli(timestampMillis)
          + (key == null ? "" : " key=" + shown(key))
          + " value="
          + (value == null ? "none" : shown(value))
          + (headerCount == 0 ? "" : " headers=" + headerCount);
    }

    private static String shown(ByteBuffer bytes) {
      ByteBuffer start = bytes.duplicate();
      String rest = "";
      if (start.remaining() > SHOWN) {
        rest = "... (" + start.remaining() + " bytes)";
        start.limit(start.position() + SHOWN);
      }
      return text(start) + rest;
    }

    /** As text if it is any, else in hexadecimal digits. */
    private static String text(ByteBuffer bytes) {
      try {
        String text = StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
        if (text.codePoints().noneMatch(Character::isISOControl)) {
          return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        }
      } catch (CharacterCodingException e) {
        return hex(bytes); // no text
      }
      return hex(bytes);
    }

    private static String hex(ByteBuffer bytes) {
      StringBuilder digits = new StringBuilder("0x");
      for (int i = bytes.position(); i < bytes.limit(); i++) {
        digits.append(Character.forDigit(bytes.get(i) >> 4 & 15, 16));
        digits.append(Character.forDigit(bytes.get(i) & 15, 16));
      }
      return digits.toString();
    }
  }

  /** An entry of an index. */
  record OfIndexEntry(long offset, int position, long maxTimestampBefore) implements DumpItem {
    @Override
    public String toString() {
      return "  entry offset="
          + offset
          + " position="
          + position
          + " before="
          + Instant.ofEpochMilli(maxTimestampBefore);
    }
  }

  /** The end of the index of a segment that takes no more. */
  record OfIndexSeal(long endOffset, int logSizeBytes, long maxTimestamp, long lastAppendMillis)
      implements DumpItem {
    @Override
    public String toString() {
      return "  sealed end="
          + endOffset
          + " size="
          + logSizeBytes
          + " latest="
          + Instant.ofEpochMilli(maxTimestamp)
          + (lastAppendMillis < 0 ? "" : " appended=" + Instant.ofEpochMilli(lastAppendMillis));
    }
  }

  /** Something is not as it should be. */
  record OfProblem(Finding finding) implements DumpItem {
    @Override
    public String toString() {
      return "  " + finding;
    }
  }
}
