package io.millrace.client;

import java.nio.ByteBuffer;

/**
 * Turns bytes back into keys or values: a plug point. Called on the thread that asks a record for
 * its key or value, once for each.
 */
@FunctionalInterface
public interface Deserializer<T> {
  /**
   * Decodes one key or value; never asked about null, which stays null.
   *
   * @param data the remaining bytes; read-only and valid for as long as anybody holds it, so that
   *     it may be part of the result
   */
  T deserialize(String topic, ByteBuffer data);
}
