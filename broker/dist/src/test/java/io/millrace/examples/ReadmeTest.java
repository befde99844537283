package io.millrace.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadmeTest {
  @ParameterizedTest
  @ValueSource(strings = {"ProducerExample", "ConsumerExample"})
  void showsTheProgramsThatAreTested(String name) throws IOException {
    String readme = Files.readString(Path.of("../../README.md"));
    String source = Files.readString(Path.of("src/test/java/io/millrace/examples", name + ".java"));
    String shown = source.substring(source.indexOf("import "));
    assertThat(readme).contains("```java\n" + shown + "```\n");
  }
}
