package io.millrace.coordination.store;

import com.google.protobuf.ByteString;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What was read of the latest contents of one kind of node, so that the same bytes are parsed once.
 * They come again and again: a broker's own write comes back by its watch, a new contact reads all
 * nodes of which most are as they were, and of the members of a cluster in one process each reads
 * every change. To parse is what a failover of many partitions costs most. Safe for any thread.
 */
final class RecentReadings<T> {
  /** A power of two. */
  private static final int PLACES = 1024;

  /** Longer ones are rare, and not worth their memory. */
  private static final int MAX_CONTENT_BYTES = 4 << 10;

  /** Each content has one place, by its hash; the later one takes it. */
  private final AtomicReferenceArray<@Nullable Entry<T>> entries =
      new AtomicReferenceArray<>(PLACES);

  private record Entry<T>(ByteString data, ZnodeReading<T> reading) {}

  /** Null when it is not known any more. */
  @Nullable ZnodeReading<T> find(ByteString data) {
    Entry<T> entry = entries.get(place(data));
    return entry != null && entry.data().equals(data) ? entry.reading() : null;
  }

  void keep(ByteString data, ZnodeReading<T> reading) {
    if (data.size() <= MAX_CONTENT_BYTES) {
      entries.set(place(data), new Entry<>(data, reading));
    }
  }

  private static int place(ByteString data) {
    int hash = data.hashCode();
    return (hash ^ hash >>> 16) & PLACES - 1;
  }
}
