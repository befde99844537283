package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The compressions of the format, and which of them are at hand. Ids are Kafka's.
 *
 * <p>Nothing of a codec's library is touched before the first batch that needs it, or before {@link
 * #named} is asked for it: who does not compress needs none of the libraries.
 */
public final class Compressions {
  /** By id; a place without a name is free. */
  private static final List<String> NAMES = List.of("none", "gzip", "snappy", "lz4", "zstd");

  private static final @Nullable Compression[] KNOWN =
      byId(ServiceLoader.load(Compression.class, Compression.class.getClassLoader()));

  // What each said when it was asked whether it can be used here; empty: it can.
  private static final AtomicReferenceArray<@Nullable String> WHY_NOT_COMPRESS =
      new AtomicReferenceArray<>(KNOWN.length);
  private static final AtomicReferenceArray<@Nullable String> WHY_NOT_DECOMPRESS =
      new AtomicReferenceArray<>(KNOWN.length);

  /** Records as they are. */
  public static final Compression NONE = get(0);

  private Compressions() {}

  /** Ours, and over them the ones from elsewhere. */
  static @Nullable Compression[] byId(Iterable<Compression> services) {
    @Nullable Compression[] found = new @Nullable Compression[BatchAttributes.COMPRESSION_MASK + 1];
    List<Compression> ours =
        List.of(
            new NoCompression(),
            new GzipCompression(),
            new SnappyCompression(),
            new Lz4Compression(),
            new ZstdCompression());
    for (Compression each : ours) {
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

  /** Whether this release knows what the id stands for; it may lack the library all the same. */
  static boolean isKnown(int id) {
    return id >= 0 && id < KNOWN.length && KNOWN[id] != null;
  }

  /**
   * By name, as in settings, ready for use.
   *
   * @throws IllegalArgumentException when there is none of that name, with those that there are, or
   *     when it cannot be used here, with what is missing
   */
  public static Compression named(String name) {
    int id = NAMES.indexOf(name);
    Compression found = isKnown(id) ? KNOWN[id] : null;
    if (found == null) {
      throw new IllegalArgumentException(
          "no compression \"" + name + "\"; there are: " + String.join(", ", NAMES));
    }
    String why = remembered(WHY_NOT_COMPRESS, id, found::whyCannotCompress);
    if (!why.isEmpty()) {
      throw new IllegalArgumentException("compression " + name + " cannot be used here: " + why);
    }
    return found;
  }

  /** Of all that this release knows, in the order of their ids: for messages and completion. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * What a batch says it is compressed with, ready for use.
   *
   * @throws CorruptBatchException with {@code UNSUPPORTED} when it is not known, or cannot be used
   *     here
   */
  static Compression get(int id) {
    Compression found = isKnown(id) ? KNOWN[id] : null;
    if (found == null) {
      throw new CorruptBatchException(ErrorCode.UNSUPPORTED, whyUnknown(id));
    }
    String why = remembered(WHY_NOT_DECOMPRESS, id, found::whyCannotDecompress);
    if (!why.isEmpty()) {
      throw new CorruptBatchException(
          ErrorCode.UNSUPPORTED,
          "the records are compressed with " + found.name() + ", and here " + why);
    }
    return found;
  }

  private static String remembered(
      AtomicReferenceArray<@Nullable String> answers, int id, Supplier<@Nullable String> question) {
    String answer = answers.get(id);
    if (answer == null) {
      String why = question.get();
      answer = why == null ? "" : why;
      answers.set(id, answer);
    }
    return answer;
  }

  /**
   * Uses a library for the first time. Whatever is wrong with it is told, and does not end the
   * thread: half of an application's machines may lack it.
   *
   * @param library group and artifact, for people
   */
  static @Nullable String firstUse(String library, Runnable use) {
    try {
      use.run();
      return null;
    } catch (VirtualMachineError e) {
      throw e;
    } catch (NoClassDefFoundError e) {
      return library + " is not on the class path";
    } catch (Error | RuntimeException e) {
      return "the native library in "
          + library
          + " does not load: "
          + (e.getMessage() == null ? e : e.getMessage());
    }
  }

  static String whyUnknown(int id) {
    return "the records are compressed with "
        + nameOf(id)
        + "; here there are: "
        + String.join(", ", NAMES);
  }

  /** For people, whether it is at hand or not. */
  public static String nameOf(int id) {
    return id >= 0 && id < NAMES.size() ? NAMES.get(id) : "number " + id;
  }

  /** Native code cannot reach into a read-only heap buffer. */
  static ByteBuffer readable(ByteBuffer source) {
    if (source.isDirect() || source.hasArray()) {
      return source.duplicate();
    }
    return ByteBuffer.allocate(source.remaining()).put(source.duplicate()).flip();
  }
}
