package io.millrace.cli;

import io.millrace.client.ConsumerRecord;
import io.millrace.wire.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A record as a JSON object on one line. Bytes that are UTF-8 stand in {@code key} and {@code
 * value}, others as base 64 in {@code keyBase64} and {@code valueBase64} instead; what is absent is
 * null, so that nothing is lost: the members tell the record's bytes exactly.
 */
final class RecordJson implements RecordWriter {
  private final JsonText json = new JsonText();
  private final CharsetDecoder strictUtf8 = StandardCharsets.UTF_8.newDecoder();

  @Override
  public void write(ConsumerRecord<ByteBuffer, ByteBuffer> record, Output output)
      throws IOException {
    json.clear();
    json.beginObject().field("topic", record.topic()).field("partition", record.partition());
    json.field("offset", record.offset()).field("timestamp", record.timestamp());
    bytes("key", record.key());
    bytes("value", record.value());
    json.name("headers").beginArray();
    for (RecordHeader header : record.headers()) {
      byte[] value = header.value();
      json.beginObject().field("name", header.name());
      bytes("value", value == null ? null : ByteBuffer.wrap(value));
      json.end();
    }
    output.println(json.end().end().toString());
  }

  private void bytes(String name, @Nullable ByteBuffer bytes) {
    if (bytes == null) {
      json.name(name).nullValue();
      return;
    }
    try {
      json.field(name, strictUtf8.decode(bytes.duplicate()).toString());
    } catch (CharacterCodingException e) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(bytes.position(), copy);
      json.field(name + "Base64", Base64.getEncoder().encodeToString(copy));
    }
  }
}
