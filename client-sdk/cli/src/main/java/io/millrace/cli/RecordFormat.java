package io.millrace.cli;

import io.millrace.client.ConsumerRecord;
import io.millrace.wire.RecordHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The user's own layout of a record: {@code --format '%p %o %t %k %v\n'}. Keys and values are
 * written byte for byte; one that is absent is written as nothing.
 */
final class RecordFormat implements RecordWriter {
  private static final String ALLOWED =
      "%p partition, %o offset, %t milliseconds since 1970, %k key, %v value, %h headers,"
          + " %% a percent sign; \\n \\t \\r \\0 \\\\ as in C";

  /** A value a line: what produce reads. */
  static final RecordFormat LINES = parse("%v\\n");

  private final List<RecordWriter> pieces;

  private RecordFormat(List<RecordWriter> pieces) {
    this.pieces = List.copyOf(pieces);
  }

  /**
   * @throws CommandFailedException wrong usage, naming the character that is
   */
  static RecordFormat parse(String text) {
    List<RecordWriter> pieces = new ArrayList<>();
    ByteArrayOutputStream literal = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '%' && c != '\\') {
        int end = text.offsetByCodePoints(i, 1);
        literal.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
        i = end - 1;
        continue;
      }
      if (++i == text.length()) {
        throw unknown(text, "nothing follows the last " + c);
      }
      if (c == '\\') {
        literal.write(escaped(text, text.charAt(i)));
      } else if (text.charAt(i) == '%') {
        literal.write('%');
      } else {
        addLiteral(literal, pieces);
        pieces.add(field(text, text.charAt(i)));
      }
    }
    addLiteral(literal, pieces);
    return new RecordFormat(pieces);
  }

  private static void addLiteral(ByteArrayOutputStream literal, List<RecordWriter> pieces) {
    if (literal.size() > 0) {
      byte[] bytes = literal.toByteArray();
      literal.reset();
      pieces.add((record, output) -> output.write(bytes));
    }
  }

  private static char escaped(String text, char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case '0' -> '\0';
      case '\\' -> '\\';
      default -> throw unknown(text, "there is no \\" + c);
    };
  }

  private static RecordWriter field(String text, char c) {
    return switch (c) {
      case 'p' -> (record, output) -> output.print(Integer.toString(record.partition()));
      case 'o' -> (record, output) -> output.print(Long.toString(record.offset()));
      case 't' -> (record, output) -> output.print(Long.toString(record.timestamp()));
      case 'k' -> (record, output) -> writeIfPresent(record.key(), output);
      case 'v' -> (record, output) -> writeIfPresent(record.value(), output);
      case 'h' -> RecordFormat::writeHeaders;
      default -> throw unknown(text, "there is no %" + c);
    };
  }

  private static CommandFailedException unknown(String text, String reason) {
    return new CommandFailedException(
        ExitCode.WRONG_USAGE, "--format '" + text + "': " + reason + "; there are: " + ALLOWED);
  }

  private static void writeIfPresent(
      @org.jspecify.annotations.Nullable ByteBuffer bytes, Output output) throws IOException {
    if (bytes != null) {
      output.write(bytes);
    }
  }

  private static void writeHeaders(ConsumerRecord<ByteBuffer, ByteBuffer> record, Output output)
      throws IOException {
    String separator = "";
    for (RecordHeader header : record.headers()) {
      output.print(separator + header.name() + "=");
      byte[] value = header.value();
      if (value != null) {
        output.write(value);
      }
      separator = ",";
    }
  }

  @Override
  public void write(ConsumerRecord<ByteBuffer, ByteBuffer> record, Output output)
      throws IOException {
    for (RecordWriter piece : pieces) {
      piece.write(record, output);
    }
  }
}
