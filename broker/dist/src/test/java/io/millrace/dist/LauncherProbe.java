package io.millrace.dist;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;

/** Stands in for the program in tests of the launcher: tells what the launcher handed over. */
public final class LauncherProbe {
  private LauncherProbe() {}

  public static void main(String[] args) throws InterruptedException {
    System.out.println("args=" + List.of(args));
    System.out.println("home=" + System.getProperty("millrace.home"));
    System.out.println("terminals=" + System.getProperty("millrace.terminals"));
    System.out.println("logging=" + System.getProperty("logback.configurationFile"));
    System.out.println("option=" + System.getProperty("option"));
    System.out.println("pid=" + ProcessHandle.current().pid());
    System.out.println("maxMiB=" + (Runtime.getRuntime().maxMemory() >> 20));
    if (args.length > 0 && args[0].equals("wait")) {
      Thread.currentThread().join();
    }
    System.exit(args.length > 0 && args[0].equals("fail") ? 3 : 0);
  }

  /** Writes itself as a program that {@code java -jar} runs. */
  static void writeTo(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, LauncherProbe.class.getName());
    String name = LauncherProbe.class.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest);
        InputStream code = LauncherProbe.class.getResourceAsStream("/" + name)) {
      out.putNextEntry(new ZipEntry(name));
      Objects.requireNonNull(code).transferTo(out);
    }
  }
}
