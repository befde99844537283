package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How codecs are loaded, and what is said where they cannot be: in class loaders of their own. */
class MissingLibraryTest {
  private static final String LIBRARIES = "zstd-jni|snappy-java|lz4-java";

  /** Our classes once more, with or without the codecs' jars; remembers what it has loaded. */
  private static final class Isolated extends URLClassLoader {
    private final Set<String> loaded = new TreeSet<>();

    Isolated(boolean withLibraries) {
      super(classPath(withLibraries), ClassLoader.getPlatformClassLoader());
    }

    private static URL[] classPath(boolean withLibraries) {
      List<URL> urls = new ArrayList<>();
      for (Object each :
          Collections.list(
              new StringTokenizer(System.getProperty("java.class.path"), File.pathSeparator))) {
        String entry = (String) each;
        if (withLibraries || !entry.matches(".*(" + LIBRARIES + ")[^/]*")) {
          urls.add(url(new File(entry).toURI()));
        }
      }
      return urls.toArray(URL[]::new);
    }

    private static URL url(URI uri) {
      try {
        return uri.toURL();
      } catch (MalformedURLException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      Class<?> found = super.findClass(name);
      loaded.add(name);
      return found;
    }

    Set<String> loadedOfLibraries() {
      Set<String> names = new TreeSet<>(loaded);
      names.removeIf(name -> !name.matches("(com.github.luben|org.xerial|net.jpountz).*"));
      return names;
    }

    Object call(String method, Object argument) throws Throwable {
      Class<?> isolated = loadClass(InIsolation.class.getName());
      try {
        return isolated.getDeclaredMethod(method, argument.getClass()).invoke(null, argument);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  /** Runs within an isolated loader; arguments and results are the JDK's. */
  public static final class InIsolation {
    private InIsolation() {}

    public static String buildAndRead(String compression) {
      BatchBuilder builder = new BatchBuilder(10_000, 10_000, ByteBuffer::allocate);
      builder.tryAppend(1, null, new byte[5_000], List.of());
      ByteBuffer batch = builder.finish(Compressions.named(compression));
      RecordCursor cursor = new RecordCursor().over(new BatchView().wrap(batch, 0));
      return cursor.next() ? compression + " " + cursor.valueSize() : "nothing";
    }

    public static String read(byte[] batch) {
      RecordCursor cursor =
          new RecordCursor().over(new BatchView().wrap(ByteBuffer.wrap(batch), 0));
      return cursor.next() ? "" + cursor.valueSize() : "nothing";
    }

    public static String validate(byte[] batch) {
      return new BatchValidator()
          .validate(ByteBuffer.wrap(batch), BatchLimits.DEFAULT, RandomBatches.NOW_MILLIS)
          .getClass()
          .getSimpleName();
    }
  }

  private static byte[] golden(String compression) {
    ByteBuffer bytes = ProtocolDocument.bytes(compression);
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);
    return array;
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip"})
  void whoNeedsNoLibraryLoadsNothingOfAny(String compression) throws Throwable {
    try (Isolated loader = new Isolated(true)) {
      assertThat(loader.call("buildAndRead", compression)).isEqualTo(compression + " 5000");
      for (String other : new String[] {"gzip", "snappy", "lz4", "zstd"}) {
        assertThat(loader.call("validate", golden(other))).isEqualTo("Valid");
      }
      assertThat(loader.loadedOfLibraries()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip"})
  void needsNoLibraryForThese(String compression) throws Throwable {
    try (Isolated loader = new Isolated(false)) {
      assertThat(loader.call("buildAndRead", compression)).isEqualTo(compression + " 5000");
      assertThat(loader.call("read", golden("gzip"))).isEqualTo("120");
      assertThat(loader.call("read", golden("snappy"))).isEqualTo("120");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "zstd, com.github.luben:zstd-jni",
    "snappy, org.xerial.snappy:snappy-java",
    "lz4, at.yawk.lz4:lz4-java"
  })
  void b35_saysWhichLibraryIsMissingForCompressing(String compression, String library)
      throws Throwable {
    try (Isolated loader = new Isolated(false)) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> loader.call("buildAndRead", compression))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                "compression "
                    + compression
                    + " cannot be used here: "
                    + library
                    + " is not on the class path");
      }
      assertThat(loader.call("buildAndRead", "gzip")).isEqualTo("gzip 5000");
    }
  }

  @ParameterizedTest
  @CsvSource({"zstd, com.github.luben:zstd-jni", "lz4, at.yawk.lz4:lz4-java"})
  void b35_saysWhichLibraryIsMissingForReading(String compression, String library)
      throws Throwable {
    try (Isolated loader = new Isolated(false)) {
      assertThatThrownBy(() -> loader.call("read", golden(compression)))
          .matches(e -> e.getClass().getName().equals(CorruptBatchException.class.getName()))
          .hasMessage(
              "the records are compressed with "
                  + compression
                  + ", and here "
                  + library
                  + " is not on the class path");
    }
  }

  @Test
  void b35_aNativeLibraryThatDoesNotLoadIsToldAndEndsNothing() throws Throwable {
    String zstdPath = "ZstdNativePath";
    String snappyPath = "org.xerial.snappy.use.systemlib";
    System.setProperty(zstdPath, "/nowhere/libzstd.so");
    System.setProperty(snappyPath, "true");
    try (Isolated loader = new Isolated(true)) {
      for (String compression : new String[] {"zstd", "snappy"}) {
        for (int i = 0; i < 2; i++) {
          assertThatThrownBy(() -> loader.call("buildAndRead", compression))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageStartingWith("compression " + compression + " cannot be used here: ")
              .hasMessageContaining("does not load");
        }
      }
      assertThatThrownBy(() -> loader.call("read", golden("zstd")))
          .hasMessageContaining("does not load");
      assertThat(loader.call("read", golden("snappy"))).isEqualTo("120");
      assertThat(loader.call("buildAndRead", "lz4")).isEqualTo("lz4 5000");
    } finally {
      System.clearProperty(zstdPath);
      System.clearProperty(snappyPath);
    }
  }
}
