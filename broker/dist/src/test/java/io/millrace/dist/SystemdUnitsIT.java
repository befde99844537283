package io.millrace.dist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The units of {@code conf/systemd} are what systemd understands. */
class SystemdUnitsIT {
  private static final String INSTALLED = "/opt/millrace";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"broker", "zookeeper"})
  void verifies(String server) throws Exception {
    assumeTrue(hasSystemd(), "systemd-analyze is not on the PATH: the units are not verified");
    UnpackedArchive archive = UnpackedArchive.into(folder);
    Path home = Files.move(archive.home(), folder.resolve("installed"));
    Path unit = folder.resolve("millrace-" + server + ".service");
    String text = unit(server);
    assertThat(text).contains(INSTALLED + "/bin/millrace " + server);
    Files.writeString(unit, text.replace(INSTALLED, home.toString()));
    // An unknown key is only warned of; so nothing at all may be said.
    assertThat(analyze("verify", unit.toString())).isEmpty();

    Files.writeString(
        unit, text.replace(INSTALLED, home.toString()) + "\n[Service]\nNoSuchKey=1\n");
    assertThat(analyze("verify", unit.toString())).contains("NoSuchKey");
  }

  @ParameterizedTest
  @ValueSource(strings = {"broker", "zookeeper"})
  void keepsWhatAnOperatorReliesOn(String server) throws IOException {
    List<String> lines = unit(server).lines().toList();
    assertThat(lines)
        .contains(
            "Type=exec",
            "LimitNOFILE=100000",
            "TimeoutStopSec=180",
            "SuccessExitStatus=143",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "User=millrace");
    // Longer than a server gives itself, so that systemd does not cut a clean stop short.
    assertThat(BrokerCommand.GRACE_SECONDS).isLessThan(180);
    // A JVM writes code at run time.
    assertThat(lines).noneMatch(line -> line.startsWith("MemoryDenyWriteExecute"));
    // Sizes of heaps come from here.
    assertThat(lines).noneMatch(line -> line.startsWith("ProcSubset"));
  }

  private static String unit(String server) throws IOException {
    return Files.readString(Path.of("../../conf/systemd/millrace-" + server + ".service"));
  }

  private static boolean hasSystemd() {
    return List.of(System.getenv("PATH").split(":", -1)).stream()
        .anyMatch(entry -> Files.isExecutable(Path.of(entry, "systemd-analyze")));
  }

  private static String analyze(String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("systemd-analyze");
    builder.command().addAll(List.of(arguments));
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return said;
  }
}
