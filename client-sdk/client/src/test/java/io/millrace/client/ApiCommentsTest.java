package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an application sees is explained: every public type and method of the API's packages. */
class ApiCommentsTest {
  private static final Path API = Path.of("src/main/java/io/millrace/client");

  private static final Pattern DECLARATION =
      Pattern.compile(
          "^ {0,4}(?:public |static |default )+[^=;]*[({].*|^ {2}[A-Z][\\w.<>, ?]* \\w+\\(.*");

  /** A record's constructor without parameters checks what the record's comment tells of. */
  private static final Pattern COMPACT_CONSTRUCTOR = Pattern.compile("^ +public [A-Z]\\w+ \\{.*");

  static Stream<Path> publicTypes() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path folder : List.of(API, API.resolve("errors"))) {
      try (Stream<Path> files = Files.list(folder)) {
        files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(found::add);
      }
    }
    found.removeIf(file -> !isPublic(file));
    assertThat(found).hasSizeGreaterThan(50);
    return found.stream();
  }

  private static boolean isPublic(Path file) {
    try {
      return Files.readAllLines(file).stream().anyMatch(line -> line.startsWith("public "));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource("publicTypes")
  void everythingPublicHasAComment(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    boolean isInterface = lines.stream().anyMatch(line -> line.matches("public .*interface .*"));
    List<String> without = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean shown = line.contains("public ") || (isInterface && !line.contains("private "));
      if (shown
          && DECLARATION.matcher(line).matches()
          && !COMPACT_CONSTRUCTOR.matcher(line).matches()
          && !isCommented(lines, i)) {
        without.add((i + 1) + ": " + line.strip());
      }
    }
    assertThat(without).as("in %s", file).isEmpty();
  }

  private static boolean isCommented(List<String> lines, int declaration) {
    int above = declaration - 1;
    while (above > 0 && lines.get(above).strip().startsWith("@")) {
      if (lines.get(above).contains("@Override")) {
        return true;
      }
      above--;
    }
    return lines.get(above).strip().endsWith("*/");
  }
}
