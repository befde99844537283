package io.millrace.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.dist.WholeCommandLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds README.md against the program. */
class ReadmeTest {
  private static String readme() throws IOException {
    return Files.readString(Path.of("../../README.md"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ProducerExample", "ConsumerExample"})
  void showsTheProgramsThatAreTested(String name) throws IOException {
    String source = Files.readString(Path.of("src/test/java/io/millrace/examples", name + ".java"));
    String shown = source.substring(source.indexOf("import "));
    assertThat(readme()).contains("```java\n" + shown + "```\n");
  }

  static Stream<String> commands() throws IOException {
    List<String> commands = new ArrayList<>();
    Matcher line = Pattern.compile("(?:\\./|bin/)millrace ([a-z-]+[^`#\n)]*)").matcher(readme());
    while (line.find()) {
      commands.add(line.group(1).strip());
    }
    assertThat(commands).hasSizeGreaterThan(15);
    return commands.stream();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void showsCommandsThatAreUnderstood(String command) {
    List<String> words = new ArrayList<>();
    Matcher word = Pattern.compile("'([^']*)'|(\\S+)").matcher(command);
    while (word.find()) {
      words.add(word.group(1) == null ? word.group(2) : word.group(1));
    }
    // With --help nothing is done, but all other words are still looked at.
    words.add(1, "--help");
    assertThat(WholeCommandLine.run(words)).as(command).isZero();
  }
}
