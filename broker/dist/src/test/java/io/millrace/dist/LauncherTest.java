package io.millrace.dist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the launcher with a program that tells what it was given, and a Maven that notes its calls.
 */
class LauncherTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));

  @TempDir Path folder;

  private final Map<String, String> environment = new HashMap<>();
  private Path checkout = Path.of("");
  private Path archive = Path.of("");

  @BeforeEach
  void layOut() throws IOException {
    Path probe = folder.resolve("probe.jar");
    LauncherProbe.writeTo(probe);
    archive = folder.resolve("an archive");
    Files.createDirectories(archive.resolve("bin"));
    Files.createDirectories(archive.resolve("lib"));
    Files.copy(Path.of("../../millrace"), archive.resolve("bin/millrace"));
    Files.copy(probe, archive.resolve("lib/millrace.jar"));

    checkout = folder.resolve("a checkout");
    for (String file :
        List.of("pom.xml", "conf/x", "broker/dist/src/main/A.java", "client-sdk/cli/pom.xml")) {
      Files.createDirectories(checkout.resolve(file).getParent());
      Files.writeString(checkout.resolve(file), "");
    }
    Files.copy(Path.of("../../millrace"), checkout.resolve("millrace"));
    try (var all = Files.walk(checkout)) {
      for (Path path : all.toList()) {
        Files.setLastModifiedTime(path, LONG_AGO);
      }
    }
    Path maven = folder.resolve("path/mvn");
    Files.createDirectories(maven.getParent());
    Files.writeString(
        maven,
        """
        #!/bin/sh
        echo "$@" >>"%1$s/maven-calls"
        [ ! -f "%1$s/maven-fails" ] || { echo "[ERROR] no such thing"; exit 1; }
        home=broker/dist/target/millrace
        rm -rf $home && mkdir -p $home/lib && cp "%1$s/probe.jar" $home/lib/millrace.jar
        TZ=UTC0 date +%%Y%%m%%d%%H%%M.%%S >$home/build-started
        """
            .formatted(folder));
    assertThat(maven.toFile().setExecutable(true)).isTrue();
    environment.put("PATH", maven.getParent() + ":" + System.getenv("PATH"));
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    // What it does is ClassDataIT's matter.
    environment.put("MILLRACE_CLASS_DATA", "off");
  }

  @Test
  void runsAnArchiveFromAnyFolderThroughLinksAndWithoutMaven() throws Exception {
    Files.createSymbolicLink(folder.resolve("path/one"), archive.resolve("bin/millrace"));
    Files.createSymbolicLink(folder.resolve("path/two"), Path.of("one"));
    Run run = run(folder.resolve("path/two"), "topic", "a b", "*");
    assertThat(run.exit).isZero();
    assertThat(run.out)
        .contains("args=[topic, a b, *]", "home=" + archive.toRealPath(), "terminals=");
    assertThat(run.out).contains("logging=" + archive.toRealPath() + "/conf/logback-client.xml");
    assertThat(run.err).isEmpty();
    assertThat(folder.resolve("maven-calls")).doesNotExist();
  }

  @Test
  void handsExitCodeOptionsAndMemoryOver() throws Exception {
    environment.put("JAVA_OPTS", "-Doption=java");
    environment.put("MILLRACE_OPTS", "-Doption=millrace -Xmx48m");
    Run run = run(archive.resolve("bin/millrace"), "fail");
    assertThat(run.exit).isEqualTo(3);
    assertThat(run.out).contains("option=millrace");
    assertThat(run.out).anyMatch(line -> line.matches("maxMiB=4[5-8]"));
    assertThat(run(archive.resolve("bin/millrace"), "zookeeper").out)
        .contains("logging=" + archive.toRealPath() + "/conf/logback-server.xml");
  }

  @Test
  void becomesTheProgramSoThatSignalsReachIt() throws Exception {
    Process process = start(archive.resolve("bin/millrace"), "wait");
    try (BufferedReader out = process.inputReader(UTF_8)) {
      assertThat(out.lines().filter(line -> line.startsWith("pid=")).findFirst())
          .contains("pid=" + process.pid());
      process.destroy();
      assertThat(process.waitFor()).isEqualTo(143);
    }
  }

  @Test
  void saysWhichJavaIsMissing() throws Exception {
    environment.put("JAVA_HOME", "/no/java");
    Run run = run(archive.resolve("bin/millrace"));
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err)
        .containsExactly("millrace: JAVA_HOME is /no/java, but /no/java/bin/java cannot be run");
  }

  @Test
  void refusesAJavaThatIsTooOldByItsName() throws Exception {
    Path old = Files.createDirectories(folder.resolve("jdk-11"));
    Files.createDirectories(old.resolve("bin"));
    Files.writeString(old.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"11.0.2\"\n");
    Files.writeString(old.resolve("bin/java"), "#!/bin/sh\n");
    assertThat(old.resolve("bin/java").toFile().setExecutable(true)).isTrue();
    environment.put("JAVA_HOME", old.toString());
    Run run = run(archive.resolve("bin/millrace"));
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err).singleElement().asString().contains("is Java 11; 17 or newer is needed");
  }

  @Test
  void buildsACheckoutOnceAndAgainAfterEachKindOfChange() throws Exception {
    assertBuilds(true);
    assertBuilds(false);

    touch("broker/dist/src/main/A.java");
    assertBuilds(true);
    assertBuilds(false);

    Files.writeString(checkout.resolve("broker/dist/src/main/B.java"), "");
    touch("broker/dist/src/main");
    assertBuilds(true);

    Files.delete(checkout.resolve("broker/dist/src/main/B.java"));
    touch("broker/dist/src/main");
    assertBuilds(true);

    touch("client-sdk/cli/pom.xml");
    assertBuilds(true);
    touch("conf/x");
    assertBuilds(true);
    assertBuilds(false);

    Files.createDirectories(checkout.resolve("broker/dist/src/test"));
    touch("broker/dist/src/test");
    assertBuilds(false);
  }

  /** Also a second ahead, so that it is newer than a build of this very second. */
  private void touch(String path) throws IOException {
    Files.setLastModifiedTime(
        checkout.resolve(path), FileTime.from(Instant.ofEpochMilli(wallMillis() + 1_500)));
  }

  private static long wallMillis() {
    return new io.millrace.rpc.SystemTasks().clock().wallMillis();
  }

  private void assertBuilds(boolean expected) throws Exception {
    Files.deleteIfExists(folder.resolve("maven-calls"));
    Run run = run(checkout.resolve("millrace"), "x");
    assertThat(run.exit).isZero();
    assertThat(run.out).contains("args=[x]");
    assertThat(Files.exists(folder.resolve("maven-calls"))).isEqualTo(expected);
    assertThat(run.err).hasSize(expected ? 1 : 0);
    settle();
  }

  /** What was touched lies in the future; the build must not seem older for ever. */
  private void settle() throws IOException {
    try (var all = Files.walk(checkout)) {
      for (Path path : all.filter(path -> !path.toString().contains("target")).toList()) {
        Files.setLastModifiedTime(path, LONG_AGO);
      }
    }
  }

  @Test
  void showsTheErrorsOfABuildThatFailsAndRunsNothing() throws Exception {
    Files.writeString(folder.resolve("maven-fails"), "");
    Run run = run(checkout.resolve("millrace"), "x");
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out).isEmpty();
    assertThat(run.err).contains("[ERROR] no such thing").last().asString().contains("build.log");
  }

  @Test
  void buildsOnceForTwoThatStartTogetherAndDespiteADeadBuildersLock() throws Exception {
    Path lock = checkout.resolve("broker/dist/target/build-lock");
    Files.createDirectories(lock.getParent());
    Files.createSymbolicLink(lock, Path.of("999999999"));
    Process one = start(checkout.resolve("millrace"), "x");
    Process two = start(checkout.resolve("millrace"), "x");
    assertThat(one.waitFor()).isZero();
    assertThat(two.waitFor()).isZero();
    assertThat(Files.readAllLines(folder.resolve("maven-calls"))).hasSize(1);
    assertThat(Files.isSymbolicLink(lock)).isFalse();
  }

  private record Run(int exit, List<String> out, List<String> err) {}

  private Process start(Path launcher, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", launcher.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.matches("JAVA_.*|MILLRACE_.*"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Run run(Path launcher, String... args) throws IOException, InterruptedException {
    Process process = start(launcher, args);
    try (BufferedReader out = process.inputReader(UTF_8);
        BufferedReader err = process.errorReader(UTF_8)) {
      List<String> outLines = out.lines().toList();
      List<String> errLines = err.lines().toList();
      return new Run(process.waitFor(), outLines, errLines);
    }
  }
}
