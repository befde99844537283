package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.wire.RecordHeader;
import java.util.List;

/** Makes the API's records, whose constructor is the API's own. */
@FunctionalInterface
public interface RecordMaker<K, V> {
  /** Positions are those in the chunk; a size is {@link RecordChunk#ABSENT} when there is none. */
  ConsumerRecord<K, V> make(
      RecordChunk<K, V> chunk,
      long offset,
      long timestamp,
      List<RecordHeader> headers,
      int keyPosition,
      int keySize,
      int valuePosition,
      int valueSize);
}
