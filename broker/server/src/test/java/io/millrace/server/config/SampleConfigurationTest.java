package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Holds {@code conf/broker.properties} against the declared keys: regenerate it from the failure.
 */
class SampleConfigurationTest {
  private static final String HEAD =
      """
      # The settings of one Millrace broker. Every key there is stands here with its default;
      # take the # away before one to change it. The environment overrides this file
      # (MILLRACE_BROKER_ID for broker.id), and --set key=value overrides both.
      """;

  @Test
  void showsEveryKeyWithItsDefaultBoundsAndReason() throws IOException {
    StringBuilder expected = new StringBuilder(HEAD);
    for (Key<?> key : BrokerKeys.all()) {
      expected.append('\n');
      wrapped(key.reason(), expected);
      expected.append("# Allowed: ").append(key.allowed()).append(".\n");
      expected.append('#').append(key.name()).append('=').append(key.defaultText()).append('\n');
    }
    assertThat(Files.readString(Path.of("../../conf/broker.properties")))
        .isEqualTo(expected.toString());
  }

  private static void wrapped(String text, StringBuilder out) {
    int column = 1;
    out.append('#');
    for (String word : text.split(" ", -1)) {
      if (column + 1 + word.length() > 100) {
        out.append("\n#");
        column = 1;
      }
      out.append(' ').append(word);
      column += 1 + word.length();
    }
    out.append('\n');
  }
}
