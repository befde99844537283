package io.millrace.client;

/** Turns keys or values into bytes: a plug point. Called on the threads that call {@code send}. */
@FunctionalInterface
public interface Serializer<T> {
  /**
   * Encodes one key or value; never asked about null, which stays null.
   *
   * @return not changed by anybody until {@code send} returns
   */
  byte[] serialize(String topic, T data);
}
