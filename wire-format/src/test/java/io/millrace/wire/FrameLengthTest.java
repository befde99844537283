package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameLengthTest {
  private static final int LIMIT = 64 << 20;

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, LIMIT + 1})
  void b01_b02_b03_refusesLengthsThatAreNone(int length) {
    assertThat(FrameLength.isAllowed(length, LIMIT)).isFalse();
    assertThat(FrameLength.whyRefused(length, LIMIT)).contains("announced a message of");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, LIMIT - 1, LIMIT})
  void allowsLengthsUpToTheLimit(int length) {
    assertThat(FrameLength.isAllowed(length, LIMIT)).isTrue();
  }

  @Test
  void b93_namesTheLimit() {
    assertThat(FrameLength.whyRefused(LIMIT + 1, LIMIT)).contains("67108865").contains("67108864");
  }

  @Test
  void b01_wondersAboutLengthsThatNobodyAllows() {
    assertThat(FrameLength.whyRefused(LIMIT + 1, LIMIT)).doesNotContain("protocol");
    for (int garbage : new int[] {-1, 949_602_344, Integer.MAX_VALUE}) {
      assertThat(FrameLength.whyRefused(garbage, LIMIT)).endsWith("is this another protocol?");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET / HTTP/1.1, HTTP",
    "POST /, HTTP",
    "HTTP/1.1 400, HTTP",
    "PRI * HTTP/2.0, HTTP/2",
    "SSH-2.0-OpenSSH, SSH"
  })
  void b06_b93_namesTheProtocolThatTheBytesBelongTo(String bytes, String protocol) {
    int length = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.US_ASCII)).getInt();
    assertThat(FrameLength.isAllowed(length, LIMIT)).isFalse();
    assertThat(FrameLength.whyRefused(length, LIMIT)).contains("speaks " + protocol + " and not");
  }

  @Test
  void b93_knowsATlsAlertAndATlsHello() {
    assertThat(FrameLength.whyRefused(0x15030300, LIMIT)).contains("TLS");
    assertThat(FrameLength.whyRefused(0x16030102, LIMIT)).contains("TLS");
  }
}
