package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Against the JDK's own coder. */
class Utf8Test {
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private final CharBuffer characters = CharBuffer.allocate(8);

  @Test
  void writesEveryCodePointAsTheJdkDoes() {
    ByteBuffer buffer = ByteBuffer.allocate(8);
    for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
      String text = Character.toString(codePoint);
      boolean wellFormed = codePoint < 0xD800 || codePoint > 0xDFFF;
      if (Utf8.isWellFormed(text) != wellFormed) {
        throw new AssertionError("U+" + Integer.toHexString(codePoint));
      }
      if (wellFormed) {
        byte[] expected = text.getBytes(StandardCharsets.UTF_8);
        int end = Utf8.put(buffer, 0, text, Utf8.sizeOf(text));
        if (end != expected.length
            || !buffer.slice(0, end).equals(ByteBuffer.wrap(expected))
            || !Utf8.isValid(buffer, 0, end)) {
          throw new AssertionError("U+" + Integer.toHexString(codePoint));
        }
      }
    }
  }

  @Test
  void b24_judgesEverySequenceOfThreeBytesAsTheJdkDoes() {
    // The fourth byte is for the message.
    ByteBuffer buffer = ByteBuffer.allocate(4).limit(3);
    for (int bytes = 0x80_00_00; bytes < 1 << 24; bytes++) {
      buffer.put(0, (byte) (bytes >> 16)).put(1, (byte) (bytes >> 8)).put(2, (byte) bytes);
      assertSame(buffer);
    }
  }

  @Test
  void b24_judgesSequencesOfFourBytesAsTheJdkDoes() {
    byte[] edges = {0, 0x7f, -128, -113, -112, -97, -96, -65, -64, -62, -32, -16, -12, -11, -1};
    ByteBuffer buffer = ByteBuffer.allocate(4);
    for (int first = 0; first < 256; first++) {
      for (byte second : edges) {
        for (byte third : edges) {
          for (byte fourth : edges) {
            assertSame(buffer.put((byte) first).put(second).put(third).put(fourth).clear());
          }
        }
      }
    }
  }

  private void assertSame(ByteBuffer bytes) {
    boolean valid = !decoder.reset().decode(bytes.duplicate(), characters.clear(), true).isError();
    if (Utf8.isValid(bytes, 0, bytes.limit()) != valid) {
      throw new AssertionError("0x" + Integer.toHexString(bytes.duplicate().clear().getInt()));
    }
  }

  @Test
  void refusesAHeaderNameThatIsNotUnicode() {
    for (String name : new String[] {"\ud800", "a\udc00", "\udc00\ud800", "\ud800a"}) {
      assertThatThrownBy(() -> new RecordHeader(name, null))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(new RecordHeader("\ud834\udd1e", new byte[] {1}))
        .isEqualTo(new RecordHeader("𝄞", new byte[] {1}))
        .isNotEqualTo(new RecordHeader("𝄞", null));
  }
}
