package io.millrace.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Collectors;

/** The examples in PROTOCOL.md: fenced blocks that begin with {@code golden} and a name. */
final class ProtocolDocument {
  private ProtocolDocument() {}

  static String text() {
    try {
      return Files.readString(Path.of("PROTOCOL.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String name) {
    String document = text();
    String fence = "```golden " + name + "\n";
    int start = document.indexOf(fence);
    if (start < 0) {
      throw new AssertionError("PROTOCOL.md has no example " + name);
    }
    start += fence.length();
    return document.substring(start, document.indexOf("```", start));
  }

  /** Without what stands behind the bars. */
  static ByteBuffer bytes(String name) {
    String hex =
        text(name)
            .lines()
            .map(line -> line.replaceFirst("\\|.*", "").replace(" ", ""))
            .collect(Collectors.joining());
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }
}
