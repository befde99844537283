package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The compressions of the format, and which of them are at hand. Ids are Kafka's. */
public final class Compressions {
  /** By id; a place without a name is free. */
  private static final List<String> NAMES = List.of("none", "gzip", "snappy", "lz4", "zstd");

  private static final @Nullable Compression[] AT_HAND =
      byId(ServiceLoader.load(Compression.class, Compression.class.getClassLoader()));

  /** Records as they are. */
  public static final Compression NONE = get(0);

  private Compressions() {}

  /** Ours, and over them the ones from elsewhere. */
  static @Nullable Compression[] byId(Iterable<Compression> services) {
    @Nullable Compression[] found = new @Nullable Compression[BatchAttributes.COMPRESSION_MASK + 1];
    for (Compression each : List.of(new NoCompression(), new ZstdCompression())) {
      found[each.id()] = each;
    }
    for (Compression each : services) {
      if (each.id() < 0 || each.id() != NAMES.indexOf(each.name())) {
        throw new IllegalStateException(
            "compression " + each.name() + " has an id that is not its own: " + each.id());
      }
      found[each.id()] = each;
    }
    return found;
  }

  /** Null when {@link #whyNot} tells why. */
  public static @Nullable Compression find(int id) {
    return id >= 0 && id < AT_HAND.length ? AT_HAND[id] : null;
  }

  /**
   * By name, as in settings.
   *
   * @throws IllegalArgumentException with the names that are at hand
   */
  public static Compression named(String name) {
    Compression found = find(NAMES.indexOf(name));
    if (found == null) {
      throw new IllegalArgumentException(
          "no compression \"" + name + "\"; there are: " + namesAtHand());
    }
    return found;
  }

  /**
   * What a batch says it is compressed with.
   *
   * @throws CorruptBatchException with {@code UNSUPPORTED} when it is not at hand
   */
  static Compression get(int id) {
    Compression found = find(id);
    if (found == null) {
      throw new CorruptBatchException(ErrorCode.UNSUPPORTED, whyNot(id));
    }
    return found;
  }

  static String whyNot(int id) {
    return "the records are compressed with " + nameOf(id) + "; here there are: " + namesAtHand();
  }

  /** For people, whether it is at hand or not. */
  public static String nameOf(int id) {
    return id >= 0 && id < NAMES.size() ? NAMES.get(id) : "number " + id;
  }

  private static String namesAtHand() {
    StringBuilder names = new StringBuilder();
    for (Compression each : AT_HAND) {
      if (each != null) {
        names.append(names.isEmpty() ? "" : ", ").append(each.name());
      }
    }
    return names.toString();
  }
}
