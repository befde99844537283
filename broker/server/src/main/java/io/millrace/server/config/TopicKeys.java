package io.millrace.server.config;

import io.millrace.wire.v1.Durability;
import java.util.List;

/** Every key a topic may be given, at creation. */
public final class TopicKeys {
  static final Key<Durability> DURABILITY =
      Key.choice(
          "durability",
          Durability.STANDARD,
          List.of(Durability.LEADER, Durability.STANDARD, Durability.SYNCED),
          "What an acknowledgement means when the producer does not ask for another level.");

  static final Key<Integer> MIN_IN_SYNC =
      Key.integer(
          "min.in.sync",
          "replicas",
          1,
          1,
          100,
          "With fewer in-sync replicas, producers of level standard and synced are refused.");

  static final Key<Integer> RECORD_MAX_BYTES =
      Key.integer(
          "record.max.bytes",
          "bytes",
          1 << 20,
          1 << 10,
          63 << 20,
          "The largest record, key and headers included.");

  static final Key<Integer> SEGMENT_BYTES =
      Key.integer(
          "segment.bytes",
          "bytes",
          1 << 30,
          1 << 16,
          Integer.MAX_VALUE - (128 << 20),
          "Size of the files a partition's log is cut into.");

  private static final List<Key<?>> ALL =
      List.of(DURABILITY, MIN_IN_SYNC, RECORD_MAX_BYTES, SEGMENT_BYTES);

  private TopicKeys() {}

  public static List<Key<?>> all() {
    return ALL;
  }
}
