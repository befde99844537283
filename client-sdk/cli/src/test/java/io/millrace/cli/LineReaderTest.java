package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineReaderTest {
  private static final byte[] ALPHABET = {'\n', 'a', '\r', (byte) 0xff};
  private static final int NO_LIMIT = 1 << 30;

  @Test
  void cutsEveryShortInputAsTheDefinitionSaysWhateverTheBufferAndTheReads() throws IOException {
    int checked = 0;
    for (int length = 0; length <= 7; length++) {
      for (int number = 0; number < Math.pow(ALPHABET.length, length); number++) {
        byte[] input = word(number, length);
        int buffer = 1 + checked % 5;
        int chunk = 1 + checked % 3;
        assertThat(lines(input, NO_LIMIT, buffer, chunk)).isEqualTo(definition(input));
        checked++;
      }
    }
    assertThat(checked).isEqualTo(21845);
  }

  @Test
  void givesBackTheSameBytesWhenEachLineIsFollowedByALineFeed() throws IOException {
    for (int length = 1; length <= 6; length++) {
      for (int number = 0; number < Math.pow(ALPHABET.length, length); number++) {
        byte[] input = word(number, length);
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (String line : lines(input, NO_LIMIT, 2, 2)) {
          joined.write(latin1(line));
          joined.write('\n');
        }
        boolean complete = input[input.length - 1] == '\n';
        byte[] expected = complete ? input : latin1(text(input) + "\n");
        assertThat(joined.toByteArray()).isEqualTo(expected);
      }
    }
  }

  @Test
  void keepsMegabyteLinesWhole() throws IOException {
    byte[] line = new byte[5 << 20];
    new Random(7).nextBytes(line);
    for (int i = 0; i < line.length; i++) {
      line[i] = line[i] == '\n' ? 0 : line[i];
    }
    ByteArrayOutputStream input = new ByteArrayOutputStream();
    input.write(latin1("first\n"));
    input.write(line);
    input.write(latin1("\n\nlast"));
    LineReader reader = new LineReader(new ByteArrayInputStream(input.toByteArray()), NO_LIMIT);
    assertThat(reader.next()).isTrue();
    assertThat(reader.copy()).asString().isEqualTo("first");
    assertThat(reader.next()).isTrue();
    assertThat(reader.copy()).isEqualTo(line);
    assertThat(reader.next()).isTrue();
    assertThat(reader.length()).isZero();
    assertThat(reader.next()).isTrue();
    assertThat(reader.copy()).asString().isEqualTo("last");
    assertThat(reader.next()).isFalse();
    assertThat(reader.next()).isFalse();
    assertThat(reader.lineNumber()).isEqualTo(4);
  }

  @Test
  void allowsALineOfTheLimitAndRefusesOneByteMore() throws IOException {
    for (int buffer = 1; buffer <= 8; buffer++) {
      int size = buffer;
      assertThat(lines(latin1("abc\nabc"), 3, size, 2)).containsExactly("abc", "abc");
      assertThatThrownBy(() -> lines(latin1("abc\nabcd\n"), 3, size, 2))
          .hasMessage("line 2 is longer than 3 bytes, the largest record");
      assertThatThrownBy(() -> lines(latin1("abc\nabcd"), 3, size, 7))
          .hasMessageContaining("line 2");
    }
  }

  @Test
  void doesNotReadAnEndlessLineIntoMemory() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    LineReader reader = new LineReader(endless, 1 << 20);
    assertThatThrownBy(reader::next).isInstanceOf(LineReader.LineTooLongException.class);
    assertThat(reader.buffer().length).isLessThanOrEqualTo((1 << 20) + 1);
  }

  @Test
  void knowsWhetherTheNextLineIsAtHand() throws IOException {
    LineReader reader = new LineReader(inPieces(latin1("a\nb\nc"), 3), NO_LIMIT, 16);
    assertThat(reader.hasBuffered()).isFalse();
    reader.next();
    assertThat(reader.hasBuffered()).isFalse();
    reader.next();
    assertThat(reader.copy()).asString().isEqualTo("b");
    assertThat(reader.hasBuffered()).isFalse();
    reader.next();
    assertThat(reader.hasBuffered()).isTrue();
  }

  private static List<String> lines(byte[] input, int limit, int buffer, int chunk)
      throws IOException {
    LineReader reader = new LineReader(inPieces(input, chunk), limit, buffer);
    List<String> lines = new ArrayList<>();
    while (reader.next()) {
      lines.add(text(reader.copy()));
    }
    return lines;
  }

  private static List<String> definition(byte[] input) {
    List<String> lines = new ArrayList<>(List.of(text(input).split("\n", -1)));
    if (lines.get(lines.size() - 1).isEmpty()) {
      lines.remove(lines.size() - 1);
    }
    return lines;
  }

  private static byte[] word(int number, int length) {
    byte[] word = new byte[length];
    int rest = number;
    for (int i = 0; i < length; i++) {
      word[i] = ALPHABET[rest % ALPHABET.length];
      rest /= ALPHABET.length;
    }
    return word;
  }

  private static InputStream inPieces(byte[] input, int chunk) {
    return new ByteArrayInputStream(input) {
      @Override
      public synchronized int read(byte[] target, int start, int length) {
        return super.read(target, start, Math.min(length, chunk));
      }
    };
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
