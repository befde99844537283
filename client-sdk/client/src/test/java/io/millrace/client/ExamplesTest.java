package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The examples in the API's comments are programs: they compile as they stand. */
class ExamplesTest {
  private static final Path API = Path.of("src/main/java/io/millrace/client");
  private static final Pattern EXAMPLE =
      Pattern.compile("<pre>\\{@code\\R(.*?)\\R \\* \\}</pre>", Pattern.DOTALL);

  private record Example(String file, String code) {
    @Override
    public String toString() {
      return file;
    }
  }

  static Stream<Example> examples() throws IOException {
    List<Example> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(API)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        Matcher matcher = EXAMPLE.matcher(Files.readString(file));
        while (matcher.find()) {
          found.add(
              new Example(
                  file.getFileName().toString(), matcher.group(1).replaceAll("(?m)^ \\* ?", "")));
        }
      }
    }
    assertThat(found).hasSizeGreaterThanOrEqualTo(3);
    return found.stream();
  }

  @ParameterizedTest
  @MethodSource("examples")
  void compiles(Example example, @TempDir Path folder) {
    String source =
        """
        import io.millrace.client.*;
        import java.util.*;
        import java.util.concurrent.*;

        class Example {
          void run(
              Consumer<String, String> consumer,
              Flow.Subscriber<ConsumerRecord<String, String>> mySubscriber) {
        """
            + example.code()
            + "\n  }\n}\n";
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(
                said,
                null,
                null,
                List.of("-proc:none", "-cp", classes, "-d", folder.toString()),
                null,
                List.of(new Source(source)))
            .call();
    assertThat(compiled).as(said + "\n" + source).isTrue();
  }

  /** In memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
