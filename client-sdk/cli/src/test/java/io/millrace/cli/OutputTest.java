package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutputTest {
  @Test
  void passesEveryByteOnInOrderWhateverTheSizeOfThePieces() throws IOException {
    Random random = new Random(3);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    Output output = new Output(raw);
    for (int i = 0; i < 200; i++) {
      byte[] piece = new byte[random.nextInt(i % 10 == 0 ? 200_000 : 3_000)];
      random.nextBytes(piece);
      output.write(piece);
      output.write(i);
      expected.write(piece);
      expected.write(i);
    }
    output.flush();
    assertThat(raw.toByteArray()).isEqualTo(expected.toByteArray());
  }

  @Test
  void writesNothingBeforeItIsFlushed() throws IOException {
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    Output output = new Output(raw);
    output.println("line");
    assertThat(raw.size()).isZero();
    output.flush();
    assertThat(raw.toString(StandardCharsets.UTF_8)).isEqualTo("line\n");
  }

  @Test
  void b68_tellsAReaderThatHasGoneFromAWriteThatFailed() throws IOException {
    Output gone = failing("Broken pipe");
    gone.println("x");
    assertThatThrownBy(gone::flush).isInstanceOf(Output.ReaderGoneException.class);

    Output full = failing("No space left on device");
    full.println("x");
    assertThatThrownBy(full::flush)
        .isNotInstanceOf(Output.ReaderGoneException.class)
        .hasMessage("cannot write to standard output: No space left on device");
  }

  private static Output failing(String message) {
    return new Output(
        new OutputStream() {
          @Override
          public void write(int oneByte) throws IOException {
            throw new IOException(message);
          }
        });
  }
}
