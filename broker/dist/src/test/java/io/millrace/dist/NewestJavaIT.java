package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.dist.UnpackedArchive.Run;
import io.millrace.dist.UnpackedArchive.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive on the newest Java that this machine has: {@code JAVA_HOME_NEWEST}, else the newest
 * under {@code /usr/lib/jvm} that is newer than the one that builds.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class NewestJavaIT {
  private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

  @TempDir Path folder;

  @Test
  void servesAndAsksWithoutAWarning() throws Exception {
    Optional<Path> jdk = newest();
    assumeTrue(jdk.isPresent(), "no newer JDK in JAVA_HOME_NEWEST or /usr/lib/jvm: not tried");
    UnpackedArchive archive = UnpackedArchive.into(folder.resolve("unpacked"));
    archive.with("JAVA_HOME", jdk.get().toString()).with("HOME", folder.toString());
    Run made = archive.run(folder, "class-data");
    assertThat(made.exit()).as(made.err()).isZero();
    goThrough(archive, folder.resolve("work"));
  }

  private static void goThrough(UnpackedArchive archive, Path data) throws Exception {
    Path work = Files.createDirectory(data);
    Path text = archive.home().resolve("LICENSE");
    try (Server dev =
        archive.start(work, "dev", "--dir", data.toString(), "--port", "0", "--zk-port", "0")) {
      archive.with("MILLRACE_CLUSTER", dev.told("cluster"));
      List<String> compressions = List.of("none", "gzip", "snappy", "lz4", "zstd");
      for (String compression : compressions) {
        expectDone(
            archive.run(work, "produce", "notes", text.toString(), "--compression", compression));
      }
      Run consume = archive.run(work, "consume", "notes", "--from", "earliest", "--until-end");
      expectDone(consume);
      assertThat(consume.out()).isEqualTo(Files.readString(text).repeat(compressions.size()));
      assertThat(dev.stop()).isEqualTo(143);
      assertThat(dev.log()).doesNotContain("WARN", "ERROR", "Exception");
    }
  }

  /** Also that the JVM had nothing to warn of: native access, Unsafe, class data. */
  private static void expectDone(Run run) {
    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.err()).doesNotContainIgnoringCase("warning");
    assertThat(run.out()).doesNotContain("[warning]");
  }

  private static Optional<Path> newest() throws IOException {
    String named = System.getenv("JAVA_HOME_NEWEST");
    if (named != null) {
      return Optional.of(Path.of(named));
    }
    Path all = Path.of("/usr/lib/jvm");
    if (!Files.isDirectory(all)) {
      return Optional.empty();
    }
    List<Path> newer = new ArrayList<>();
    try (Stream<Path> homes = Files.list(all)) {
      homes
          .filter(home -> version(home) > Runtime.version().feature())
          .filter(home -> Files.isExecutable(home.resolve("bin/java")))
          .forEach(newer::add);
    }
    return newer.stream().max(Comparator.comparingInt(NewestJavaIT::version));
  }

  /** 0 for what is no JDK. */
  private static int version(Path home) {
    try {
      Matcher found = VERSION.matcher(Files.readString(home.resolve("release")));
      return found.find() ? Integer.parseInt(found.group(1)) : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
