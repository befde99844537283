package io.millrace.client.errors;

/** A serializer or deserializer failed on a key or a value. */
public final class SerializationException extends FatalException {
  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public SerializationException(String message) {
    super(message);
  }

  /** With what lies behind it. */
  public SerializationException(String message, Throwable cause) {
    super(message, cause);
  }
}
