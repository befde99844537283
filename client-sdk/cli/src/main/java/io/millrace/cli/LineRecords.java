package io.millrace.cli;

import io.millrace.client.ProducerRecord;
import io.millrace.wire.RecordHeader;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a record of a line.
 *
 * @param keyDelimiter null: no keys; not empty
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LineRecords(String topic, byte @Nullable [] keyDelimiter, List<RecordHeader> headers) {
  /**
   * @throws IOException the line has no key delimiter
   */
  ProducerRecord<byte[], byte[]> record(LineReader line) throws IOException {
    byte[] bytes = line.buffer();
    int start = line.start();
    int end = start + line.length();
    if (keyDelimiter == null) {
      return new ProducerRecord<>(
          topic, null, null, null, Arrays.copyOfRange(bytes, start, end), headers);
    }
    int delimiter = indexOf(keyDelimiter, bytes, start, end);
    if (delimiter < 0) {
      throw new IOException(
          "line "
              + line.lineNumber()
              + " has no key delimiter; it and what follows was not written");
    }
    return new ProducerRecord<>(
        topic,
        null,
        null,
        Arrays.copyOfRange(bytes, start, delimiter),
        Arrays.copyOfRange(bytes, delimiter + keyDelimiter.length, end),
        headers);
  }

  private static int indexOf(byte[] wanted, byte[] bytes, int start, int end) {
    for (int i = start; i <= end - wanted.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }
}
