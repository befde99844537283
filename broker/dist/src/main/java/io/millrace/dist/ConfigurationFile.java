package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The bytes of a file that an operator names with {@code --config}. */
record ConfigurationFile(String name, ByteBuffer content) {
  /** A hundred times what anybody needs; a device or a wrong file is not read to its end. */
  private static final int MAX_SIZE_BYTES = 1 << 20;

  /**
   * @throws CommandFailedException wrong usage: not there, not a file, not readable, too long
   */
  static ConfigurationFile read(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] content = in.readNBytes(MAX_SIZE_BYTES + 1);
      if (content.length > MAX_SIZE_BYTES) {
        throw refused(path + " is longer than " + MAX_SIZE_BYTES + " bytes; is it the right file?");
      }
      return new ConfigurationFile(path.toString(), ByteBuffer.wrap(content).asReadOnlyBuffer());
    } catch (IOException e) {
      String reason = Files.exists(path) ? "it cannot be read (" + e + ")" : "no such file";
      throw refused(path + ": " + reason + "; name another with --config");
    }
  }

  /** As UTF-8 without a byte order mark. */
  String text() {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(content.duplicate()).toString();
      if (text.startsWith("\ufeff")) {
        throw refused(name + " begins with a byte order mark; save it as UTF-8 without one");
      }
      return text;
    } catch (CharacterCodingException e) {
      throw refused(name + " is not UTF-8 (perhaps Latin-1); save it as UTF-8");
    }
  }

  private static CommandFailedException refused(String message) {
    return new CommandFailedException(ExitCode.WRONG_USAGE, message);
  }
}
