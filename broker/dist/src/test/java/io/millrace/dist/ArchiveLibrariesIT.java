package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the archive's {@code lib}: no more than needed, nothing known to be dangerous. */
class ArchiveLibrariesIT {
  /** {@code netty-buffer-4.2.18.Final.jar}: the version begins at the first hyphen and digit. */
  private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[^-]*)(-.+)?\\.jar");

  private static final String OURS = "millrace";

  @TempDir static Path folder;

  private static UnpackedArchive archive;
  private static List<String> libraries;

  @BeforeAll
  static void unpack() throws Exception {
    archive = UnpackedArchive.into(folder);
    libraries = archive.libraries();
    assertThat(libraries).hasSizeGreaterThan(20).contains("millrace.jar");
  }

  @Test
  @DisplayName("S47: no class is there twice, and none of a test or a testing tool")
  void s47_holdsEachClassOnceAndNoTests() throws IOException {
    Map<String, String> firstJarOf = new HashMap<>();
    for (String jar : libraries) {
      for (String name : classes(jar)) {
        assertThat(firstJarOf.put(name, jar)).as(name + " in " + jar).isNull();
        assertThat(name).as(jar).doesNotMatch("(org/junit|org/assertj|org/openjdk/jmh)/.*");
        if (jar.startsWith(OURS)) {
          assertThat(name).as(jar).doesNotMatch(".*(Test|IT|Twin)\\.class");
        }
      }
    }
    assertThat(libraries).noneMatch(jar -> jar.contains("-tests") || jar.contains("curator-test"));
  }

  private static List<String> classes(String jar) throws IOException {
    try (ZipFile file = new ZipFile(archive.home().resolve("lib").resolve(jar).toFile())) {
      return file.stream()
          .map(ZipEntry::getName)
          // Releases of a multi-release jar repeat each other by design.
          .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/"))
          .filter(name -> !name.endsWith("module-info.class"))
          .toList();
    }
  }

  @Test
  @DisplayName("S44, S45: no library is below the version that an advisory demands")
  void s45_isAboveTheFloors() throws IOException {
    List<String[]> floors = floors();
    assertThat(floors).hasSizeGreaterThan(5);
    List<String> looked = new ArrayList<>();
    for (String jar : libraries) {
      for (String[] floor : floors) {
        Matcher name = JAR.matcher(jar);
        if (jar.startsWith(floor[0]) && name.matches()) {
          looked.add(jar);
          assertThat(compareVersions(name.group(2), floor[1]))
              .as("%s is below %s, see %s", jar, floor[1], floor[2])
              .isNotNegative();
        }
      }
    }
    assertThat(looked).anyMatch(jar -> jar.startsWith("netty-handler"));
    assertThat(looked).anyMatch(jar -> jar.startsWith("zookeeper-3"));
    assertThat(libraries).noneMatch(jar -> jar.matches("netty-.*-5\\..*"));
  }

  @Test
  void comparesVersionsByNumbers() {
    assertThat(compareVersions("4.2.18.Final", "4.2.15")).isPositive();
    assertThat(compareVersions("4.2.9", "4.2.15")).isNegative();
    assertThat(compareVersions("33.8.0", "33.8")).isZero();
  }

  private static int compareVersions(String one, String other) {
    String[] a = one.split("[.-]", -1);
    String[] b = other.split("[.-]", -1);
    for (int i = 0; i < Math.max(a.length, b.length); i++) {
      int order = Integer.compare(number(a, i), number(b, i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static int number(String[] parts, int index) {
    return index < parts.length && parts[index].matches("\\d+")
        ? Integer.parseInt(parts[index])
        : 0;
  }

  private static List<String[]> floors() throws IOException {
    try (InputStream in = ArchiveLibrariesIT.class.getResourceAsStream("/version-floors.csv")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(",", -1))
          .toList();
    }
  }

  @Test
  void tellsTheLicenceOfEveryLibrary() throws IOException {
    String told = Files.readString(archive.home().resolve("THIRD-PARTY.md"));
    List<String> names = new ArrayList<>();
    Matcher row = Pattern.compile("`([A-Za-z0-9_-]+)\\*`").matcher(told);
    while (row.find()) {
      names.add(row.group(1));
    }
    for (String jar : libraries) {
      if (!jar.startsWith(OURS)) {
        assertThat(names).as("THIRD-PARTY.md has no row for " + jar).anyMatch(jar::startsWith);
      }
    }
    for (String name : names) {
      assertThat(libraries)
          .as("THIRD-PARTY.md has a row for " + name)
          .anyMatch(jar -> jar.startsWith(name));
    }
  }

  @Test
  @DisplayName("S45: the bill of materials lists every library with a checksum")
  void s45_comesWithABillOfMaterials() throws IOException {
    JsonObject bill =
        JsonParser.parseString(Files.readString(archive.home().resolve("bom.json")))
            .getAsJsonObject();
    assertThat(bill.get("bomFormat").getAsString()).isEqualTo("CycloneDX");
    TreeSet<String> listed = new TreeSet<>();
    for (JsonElement element : bill.getAsJsonArray("components")) {
      JsonObject component = element.getAsJsonObject();
      String name = component.get("name").getAsString();
      listed.add(name + "-" + component.get("version").getAsString());
      if (!name.startsWith(OURS)) {
        assertThat(component.getAsJsonArray("hashes")).as(name).isNotEmpty();
        assertThat(component.getAsJsonArray("licenses")).as(name).isNotEmpty();
      }
    }
    for (String jar : libraries) {
      if (!jar.equals("millrace.jar")) {
        String name = jar.substring(0, jar.length() - ".jar".length());
        assertThat(listed).as("bom.json has no " + name).anyMatch(name::startsWith);
      }
    }
  }

  @Test
  void namesEveryLibraryInTheProgramsClassPath() {
    try (var jar = new java.util.jar.JarFile(archive.home().resolve("lib/millrace.jar").toFile())) {
      String path = jar.getManifest().getMainAttributes().getValue("Class-Path");
      TreeSet<String> named = new TreeSet<>(List.of(path.split(" ", -1)));
      named.add("millrace.jar");
      assertThat(named).isEqualTo(new TreeSet<>(libraries));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
