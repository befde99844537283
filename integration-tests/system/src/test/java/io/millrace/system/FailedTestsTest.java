package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a gate that failed says last: {@code .ci/failed-tests} on reports as the plugins write. */
class FailedTestsTest {
  @TempDir Path folder;

  @BeforeEach
  void report() throws IOException {
    write(
        "broker/server/target/surefire-reports/TEST-io.millrace.OneTest.xml",
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="io.millrace.OneTest" tests="4" errors="1" skipped="0" failures="1">
          <testcase name="goesWell" classname="io.millrace.OneTest" time="0.01"/>
          <testcase name="counts &quot;x&quot;[2]" classname="io.millrace.OneTest" time="0.01">
            <failure message="&#10;expected: &lt;1&gt;&#10; but was: &lt;2&gt;" type="org.opentest4j.AssertionFailedError"><![CDATA[org.opentest4j.AssertionFailedError:

        expected: <1>
        \tat java.base/java.lang.Thread.run(Thread.java:840)
        \tat io.millrace.OneTest.counts(OneTest.java:12)
        \tat io.millrace.OneTest.lambda(OneTest.java:99)
        ]]></failure>
          </testcase>
          <testcase name="throwsNothing" classname="io.millrace.OneTest" time="0.01">
            <error type="java.lang.NullPointerException"><![CDATA[java.lang.NullPointerException
        \tat io.millrace.OneTest.throwsNothing(OneTest.java:22)
        ]]></error>
          </testcase>
          <testcase name="goesWellToo" classname="io.millrace.OneTest" time="0.01"/>
        </testsuite>
        """);
  }

  private Path write(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private List<String> failedTests(String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "../../.ci/failed-tests"));
    command.add(folder.toString());
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.lines().toList();
  }

  @Test
  void namesEachFailedTestWithItsMessageAndPlace() throws Exception {
    String module = "(" + folder + "/broker/server)";
    assertThat(failedTests())
        .containsExactly(
            "FAILED io.millrace.OneTest.counts \"x\"[2] " + module,
            "    org.opentest4j.AssertionFailedError: ",
            "    expected: <1>",
            "     but was: <2>",
            "      at io.millrace.OneTest.counts(OneTest.java:12)",
            "FAILED io.millrace.OneTest.throwsNothing " + module,
            "    java.lang.NullPointerException",
            "      at io.millrace.OneTest.throwsNothing(OneTest.java:22)");
  }

  @Test
  void namesWhatAProcessLeftThatDied() throws Exception {
    write("dist/target/failsafe-reports/2026-jvmRun1.dumpstream", "# Created\nCrashed.\n");
    assertThat(failedTests())
        .contains("    Crashed.")
        .anyMatch(line -> line.startsWith("LOOK AT ") && line.endsWith("jvmRun1.dumpstream"));
  }

  @Test
  void passesOverReportsOfEarlierRuns() throws Exception {
    Path started = write("started", "");
    Files.setLastModifiedTime(started, FileTime.from(Instant.parse("2100-01-01T00:00:00Z")));
    assertThat(failedTests(started.toString())).isEmpty();
  }
}
