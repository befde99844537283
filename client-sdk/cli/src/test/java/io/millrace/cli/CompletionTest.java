package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sources the script in a real bash and asks it what it would complete. */
class CompletionTest {
  @TempDir Path directory;

  @Test
  void bashCompletesCommandsOptionsAndValues() throws Exception {
    assumeTrue(isBashThere(), "there is no bash to try the completion in");
    assertThat(completes("millrace ''")).contains("topic", "produce", "consume", "bench");
    assertThat(completes("millrace to")).containsExactly("topic");
    assertThat(completes("millrace topic ''"))
        .contains("create", "alter", "trim", "compact", "describe");
    assertThat(completes("millrace bench ''"))
        .contains("produce", "consume", "latency", "probe", "group", "check");
    assertThat(completes("millrace consume --unt")).containsExactly("--until-end");
    assertThat(completes("millrace topic list --output ''")).contains("table", "json", "name");
  }

  private static boolean isBashThere() throws InterruptedException {
    try {
      Process bash = new ProcessBuilder("bash", "--version").redirectErrorStream(true).start();
      bash.getInputStream().close();
      return bash.waitFor(60, TimeUnit.SECONDS);
    } catch (IOException e) {
      return false;
    }
  }

  /** The last word of the line is what is being typed. */
  private String[] completes(String line) throws Exception {
    CommandRun run = CommandRun.on(new PretendCluster());
    assertThat(run.exec("completion", "bash")).isZero();
    Path script = Files.writeString(directory.resolve("completion"), run.stdout());
    String ask =
        // Outside of a real completion compopt is an error.
        "compopt() { :; }; source '%s'; COMP_WORDS=(%s); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ));"
            + " COMP_LINE=\"%s\"; COMP_POINT=${#COMP_LINE}; COMPREPLY=(); $(complete -p millrace |"
            + " sed 's/.*-F \\([^ ]*\\).*/\\1/') millrace \"${COMP_WORDS[COMP_CWORD]}\"; printf"
            + " '%%s\\n"
            + "' \"${COMPREPLY[@]}\"";
    Process bash =
        new ProcessBuilder(
                "bash", "--norc", "-c", ask.formatted(script, line, line.replace("'", "")))
            .start();
    String errors = new String(bash.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    String words = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(errors).isEmpty();
    return words.strip().split("\\s+", 0);
  }
}
