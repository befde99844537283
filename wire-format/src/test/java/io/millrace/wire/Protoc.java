package io.millrace.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Stock {@code protoc}, which this module's build fetches: what it reads, anybody can read. */
public final class Protoc {
  private static final Path PROGRAM = moduleFolder().resolve("target/protoc/protoc");
  private static final Path SCHEMAS = moduleFolder().resolve("src/main/proto");

  private Protoc() {}

  /** This module's, also for the tests of other modules: ours are below its target folder. */
  private static Path moduleFolder() {
    try {
      return Path.of(Protoc.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .resolve("../..")
          .normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The text of {@code protoc --decode}, or a skipped test where the program does not run.
   *
   * @param message a name within {@code io.millrace.wire.v1}
   * @throws AssertionError with what protoc says when it cannot read the bytes
   */
  public static String decode(String message, ByteBuffer bytes) {
    Assumptions.assumeTrue(runsHere(), "the build has no protoc for this platform");
    try {
      Path input = Files.createTempFile("millrace", ".bin");
      Path output = Files.createTempFile("millrace", ".txt");
      try {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        Files.write(input, copy);
        Process process =
            new ProcessBuilder(
                    PROGRAM.toString(),
                    "--proto_path=" + SCHEMAS,
                    "--decode=io.millrace.wire.v1." + message,
                    "io/millrace/wire/v1/records.proto",
                    "io/millrace/wire/v1/rpc.proto")
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .redirectErrorStream(true)
                .start();
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        if (!ended || process.exitValue() != 0) {
          throw new AssertionError("protoc did not read the bytes: " + text);
        }
        return text;
      } finally {
        Files.delete(input);
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean runsHere() {
    if (!Files.isRegularFile(PROGRAM) || !PROGRAM.toFile().setExecutable(true)) {
      return false;
    }
    try {
      return new ProcessBuilder(PROGRAM.toString(), "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      // Another platform's program.
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
