package io.millrace.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExplainPageTest {
  @Test
  void thePageIsWhatTheTableSays() throws IOException {
    Path written = Path.of("target/EXPLAIN.md");
    Files.writeString(written, ExplainPage.text());
    assertThat(Files.readString(Path.of("../EXPLAIN.md")))
        .describedAs("broker/EXPLAIN.md is out of date; the right one is in %s", written)
        .isEqualTo(ExplainPage.text());
  }

  @Test
  void whatIsBrokenHasAdviceUnlessItsTextSaysMore() {
    for (Reason reason : Reason.values()) {
      assertThat(reason.word()).matches("[a-z]+(-[a-z]+)*");
      assertThat(reason.meaning()).endsWith(".");
      if (reason.severity() == Severity.FINE) {
        assertThat(reason.advice()).isEmpty();
      } else if (reason.severity() == Severity.BROKEN
          && reason != Reason.CANNOT_LEAD
          && reason != Reason.NOT_READY) {
        assertThat(reason.advice()).as(reason.word()).isNotEmpty();
      }
    }
  }
}
