package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SerializersTest {
  private static <T> void comesBack(Serializer<T> out, Deserializer<T> in, T value) {
    ByteBuffer framed = ByteBuffer.allocate(1000);
    byte[] bytes = out.serialize("t", value);
    framed.position(7).put(bytes).flip().position(7);
    assertThat(in.deserialize("t", framed.slice())).isEqualTo(value);
  }

  @Test
  void eachIsTheInverseOfTheOther() {
    comesBack(Serializers.string(), Deserializers.string(), "grüße, 🙂");
    comesBack(Serializers.string(), Deserializers.string(), "");
    comesBack(Serializers.bytes(), Deserializers.bytes(), new byte[] {1, 2, 3});
    comesBack(Serializers.longs(), Deserializers.longs(), Long.MIN_VALUE + 5);
    comesBack(Serializers.integers(), Deserializers.integers(), -7);
    comesBack(Serializers.uuids(), Deserializers.uuids(), new UUID(1, 2));
    comesBack(
        Serializers.byteBuffers(), Deserializers.byteBuffers(), ByteBuffer.wrap(new byte[] {4}));
  }

  @Test
  void numbersAreBigEndianAsKafkasAre() {
    assertThat(Serializers.longs().serialize("t", 258L)).containsExactly(0, 0, 0, 0, 0, 0, 1, 2);
    assertThat(Serializers.integers().serialize("t", 258)).containsExactly(0, 0, 1, 2);
  }

  @Test
  void aBufferIsReadFromItsPositionAndLeftAlone() {
    ByteBuffer buffer = ByteBuffer.wrap(new byte[] {1, 2, 3, 4}).position(1).limit(3);
    assertThat(Serializers.byteBuffers().serialize("t", buffer)).containsExactly(2, 3);
    assertThat(buffer.position()).isEqualTo(1);
    assertThat(Serializers.byteBuffers().serialize("t", ByteBuffer.allocateDirect(2))).hasSize(2);
  }

  @Test
  void numbersOfAnotherSizeAreRefused() {
    assertThatThrownBy(() -> Deserializers.longs().deserialize("t", ByteBuffer.allocate(4)))
        .hasMessageContaining("4 bytes where 8 are due");
    assertThatThrownBy(() -> Deserializers.integers().deserialize("t", ByteBuffer.allocate(8)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void buffersHandedOutCannotDamageOtherRecords() {
    ByteBuffer handedOut = Deserializers.byteBuffers().deserialize("t", ByteBuffer.allocate(4));
    assertThat(handedOut.isReadOnly()).isTrue();
  }
}
