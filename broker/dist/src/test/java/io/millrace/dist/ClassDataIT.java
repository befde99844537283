package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.dist.UnpackedArchive.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

  private Path loaded;

  @BeforeEach
  void prepare() {
    loaded = folder.resolve("loaded");
  }

  private void observe(UnpackedArchive archive) {
    archive.with("HOME", folder.resolve("home").toString());
    archive.with("MILLRACE_OPTS", "-Xlog:class+load:file=" + loaded);
  }

  /** Not of an archive of its own: whatever else is tested of this build starts faster after it. */
  @Test
  void isMadeByTheCommandAndUsedFromThenOn() throws Exception {
    UnpackedArchive archive = UnpackedArchive.notEvenPacked();
    observe(archive);
    Run made = archive.run(folder, "class-data");
    assertThat(made.exit()).as(made.err()).isZero();
    assertThat(made.err()).isEmpty();
    Path file = Path.of(made.out().strip());
    assertThat(files(archive.home().resolve("class-data")))
        .as("nothing else is left")
        .containsExactly(file);
    assertThat(mainOfHelpCameFromTheFile(archive)).isTrue();

    archive.with("MILLRACE_CLASS_DATA", "off");
    assertThat(mainOfHelpCameFromTheFile(archive)).isFalse();

    archive.with("MILLRACE_CLASS_DATA", "on");
    Path kept = Files.move(file, folder.resolve("kept"));
    try {
      Files.writeString(file, "not what the JVM expects");
      assertThat(mainOfHelpCameFromTheFile(archive)).as("a damaged file is left alone").isFalse();
    } finally {
      Files.move(kept, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private boolean mainOfHelpCameFromTheFile(UnpackedArchive archive) throws Exception {
    Files.deleteIfExists(loaded);
    Run help = archive.run(folder, "--help");
    assertThat(help.exit()).isZero();
    assertThat(help.out()).startsWith("Usage: millrace");
    assertThat(help.err()).isEmpty();
    return cameFromTheFile(Main.class);
  }

  /** With a program of one class: what is made of the real one is shown above. */
  @Test
  void isMadeInTheBackgroundAtTheFirstStartWithTheUsersCachesIfNeedBe() throws Exception {
    UnpackedArchive archive = UnpackedArchive.into(folder.resolve("place"));
    observe(archive);
    LauncherProbe.writeTo(archive.home().resolve("lib/millrace.jar"));
    // Stands for an installation that cannot be written: root may write everywhere.
    Files.writeString(archive.home().resolve("class-data"), "in the way");
    Path caches = folder.resolve("home/.cache/millrace");
    assertThat(probeCameFromTheFile(archive)).isFalse();
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(() -> files(caches).stream().anyMatch(file -> file.toString().endsWith(".classes")));
    Awaitility.await().until(() -> files(caches).size() == 1);
    assertThat(probeCameFromTheFile(archive)).isTrue();
  }

  private boolean probeCameFromTheFile(UnpackedArchive archive) throws Exception {
    Run probe = archive.run(folder, "--help");
    assertThat(probe.exit()).isZero();
    assertThat(probe.out()).startsWith("args=[--help]\n");
    assertThat(probe.err()).isEmpty();
    return cameFromTheFile(LauncherProbe.class);
  }

  private boolean cameFromTheFile(Class<?> program) throws IOException {
    List<String> lines = Files.readAllLines(loaded, StandardCharsets.ISO_8859_1);
    String main =
        lines.stream()
            .filter(line -> line.contains(program.getName() + " source:"))
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
