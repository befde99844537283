package io.millrace.cli;

import io.millrace.client.ConsumerRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Puts one record into the output. */
interface RecordWriter {
  void write(ConsumerRecord<ByteBuffer, ByteBuffer> record, Output output) throws IOException;
}
