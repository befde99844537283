package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against protobuf's own, around every power of two and on random numbers. */
class VarintTest {
  private static long[] numbers() {
    long[] numbers = new long[64 * 3 + 5000];
    for (int bit = 0; bit < 64; bit++) {
      for (int i = -1; i <= 1; i++) {
        numbers[bit * 3 + i + 1] = (1L << bit) + i;
      }
    }
    Random random = new Random(9);
    for (int i = 64 * 3; i < numbers.length; i++) {
      numbers[i] = random.nextLong() >>> random.nextInt(64);
    }
    return numbers;
  }

  @Test
  void writesLongsAsProtobufDoes() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    for (long number : numbers()) {
      int size = Varint.put(buffer, 0, number);
      assertThat(size).isEqualTo(Varint.sizeOf(number));
      assertThat(size).isEqualTo(CodedOutputStream.computeUInt64SizeNoTag(number));
      assertThat(CodedInputStream.newInstance(buffer.slice(0, size)).readUInt64())
          .isEqualTo(number);
      assertThat(Varint.zigZag(number)).isEqualTo(CodedOutputStream.encodeZigZag64(number));
      assertThat(Varint.unZigZag(Varint.zigZag(number))).isEqualTo(number);
    }
  }

  @Test
  void writesAndReadsSizesAsProtobufDoes() {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    for (long each : numbers()) {
      int number = (int) each & Integer.MAX_VALUE;
      int size = Varint.put(buffer, 0, number);
      assertThat(size).isEqualTo(CodedOutputStream.computeUInt32SizeNoTag(number));
      assertThat(Varint.sizeOf(number)).isEqualTo(size);

      long read = Varint.readSize(buffer, 0, 10);
      assertThat(Varint.valueOf(read)).isEqualTo(number);
      assertThat(Varint.lengthOf(read)).isEqualTo(size);
      for (int limit = 0; limit < size; limit++) {
        assertThat(Varint.readSize(buffer, 0, limit)).isEqualTo(Varint.SHORT);
      }
    }
  }

  @Test
  void b21_refusesLongerFormsAndWhatIsNoSize() {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    for (long each : numbers()) {
      int size = Varint.put(buffer, 0, each);
      boolean isSize = each >= 0 && each <= Integer.MAX_VALUE;
      assertThat(Varint.readSize(buffer, 0, 10) >= 0).isEqualTo(isSize);
      if (size < 10) {
        buffer.put(size - 1, (byte) (buffer.get(size - 1) | 0x80)).put(size, (byte) 0);
        assertThat(Varint.readSize(buffer, 0, 10)).isEqualTo(Varint.MALFORMED);
      }
    }
  }
}
