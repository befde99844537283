package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.dist.UnpackedArchive.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file that makes starts fast is made, found, and never in anybody's way. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ClassDataIT {
  @TempDir Path folder;

  private UnpackedArchive archive;
  private Path loaded;

  @BeforeEach
  void unpack() throws Exception {
    archive = UnpackedArchive.into(folder.resolve("place"));
    archive.with("HOME", folder.resolve("home").toString());
    loaded = folder.resolve("loaded");
    archive.with("MILLRACE_OPTS", "-Xlog:class+load:file=" + loaded);
  }

  @Test
  void isMadeByTheCommandAndUsedFromThenOn() throws Exception {
    Run made = archive.run(folder, "class-data");
    assertThat(made.exit()).as(made.err()).isZero();
    assertThat(made.err()).isEmpty();
    Path file = Path.of(made.out().strip());
    assertThat(files(archive.home().resolve("class-data")))
        .as("nothing else is left")
        .containsExactly(file);
    assertSilentHelp();
    assertThat(mainCameFromTheFile()).isTrue();

    archive.with("MILLRACE_CLASS_DATA", "off");
    assertSilentHelp();
    assertThat(mainCameFromTheFile()).isFalse();

    archive.with("MILLRACE_CLASS_DATA", "on");
    Files.delete(file);
    Files.writeString(file, "not what the JVM expects");
    assertSilentHelp();
    assertThat(mainCameFromTheFile()).as("a damaged file is left alone").isFalse();
  }

  @Test
  void isMadeInTheBackgroundAtTheFirstStartWithTheUsersCachesIfNeedBe() throws Exception {
    // Stands for an installation that cannot be written: root may write everywhere.
    Files.writeString(archive.home().resolve("class-data"), "in the way");
    Path caches = folder.resolve("home/.cache/millrace");
    assertSilentHelp();
    assertThat(mainCameFromTheFile()).isFalse();
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(() -> files(caches).stream().anyMatch(file -> file.toString().endsWith(".classes")));
    Awaitility.await().until(() -> files(caches).size() == 1);
    assertSilentHelp();
    assertThat(mainCameFromTheFile()).isTrue();
  }

  private void assertSilentHelp() throws Exception {
    Files.deleteIfExists(loaded);
    Run help = archive.run(folder, "--help");
    assertThat(help.exit()).isZero();
    assertThat(help.out()).startsWith("Usage: millrace");
    assertThat(help.err()).isEmpty();
  }

  private boolean mainCameFromTheFile() throws IOException {
    List<String> lines = Files.readAllLines(loaded, StandardCharsets.ISO_8859_1);
    String main =
        lines.stream()
            .filter(line -> line.contains("io.millrace.dist.Main source:"))
            .findFirst()
            .orElseThrow();
    return main.contains("shared objects file");
  }

  private static List<Path> files(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
