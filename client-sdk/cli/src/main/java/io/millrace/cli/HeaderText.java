package io.millrace.cli;

import io.millrace.wire.RecordHeader;
import java.nio.charset.StandardCharsets;

/** A header as it is typed: {@code name=value}. */
final class HeaderText {
  private HeaderText() {}

  static RecordHeader parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "a header is name=value, not '" + text + "'");
    }
    return new RecordHeader(
        text.substring(0, equals), text.substring(equals + 1).getBytes(StandardCharsets.UTF_8));
  }
}
