package io.millrace.client.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One root, three families: whoever catches one knows whether it had an effect (I17). */
class ExceptionFamiliesTest {
  private static final List<Class<?>> FAMILIES =
      List.of(RetriableException.class, FatalException.class, OutcomeUnknownException.class);

  /** Every class of the package, found where it was compiled to. */
  static Stream<Class<?>> exceptions() throws IOException, URISyntaxException {
    Path classes =
        Path.of(
            MillraceException.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = classes.resolve(MillraceException.class.getPackageName().replace('.', '/'));
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith("Exception.class"))
          .sorted()
          .<Class<?>>map(ExceptionFamiliesTest::load)
          .toList()
          .stream();
    }
  }

  private static Class<?> load(String file) {
    try {
      return Class.forName(
          MillraceException.class.getPackageName() + "." + file.replace(".class", ""));
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void thereAreAsManyAsTheDocumentTellsOf() throws Exception {
    String document = Files.readString(Path.of("../CLIENTS.md"));
    assertThat(exceptions().filter(each -> !Modifier.isAbstract(each.getModifiers())))
        .hasSizeGreaterThan(20)
        .allSatisfy(each -> assertThat(document).contains("`" + each.getSimpleName() + "`"));
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void isOfExactlyOneFamily(Class<?> exception) {
    assertThat(MillraceException.class).isAssignableFrom(exception);
    assertThat(Modifier.isPublic(exception.getModifiers())).isTrue();
    if (exception != MillraceException.class) {
      assertThat(FAMILIES.stream().filter(family -> family.isAssignableFrom(exception))).hasSize(1);
    }
    boolean canBeExtendedBySomebody =
        Modifier.isAbstract(exception.getModifiers())
            && Stream.of(exception.getDeclaredConstructors())
                .anyMatch(each -> Modifier.isPublic(each.getModifiers()));
    assertThat(canBeExtendedBySomebody).as("the families are ours").isFalse();
  }
}
