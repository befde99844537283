package io.millrace.dist;

import java.nio.file.Path;

/** The folder with {@code bin}, {@code conf} and {@code lib}, as the launcher found it. */
final class Home {
  private Home() {}

  /** {@code conf} of the working directory's own, where there is none. */
  static Path configuration(String name) {
    return Path.of(System.getProperty("millrace.home", "."), "conf", name);
  }
}
