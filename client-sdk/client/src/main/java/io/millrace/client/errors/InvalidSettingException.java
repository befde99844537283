package io.millrace.client.errors;

/** A setting is unknown, malformed or out of its bounds; the message says what is allowed. */
public final class InvalidSettingException extends FatalException {
  private static final long serialVersionUID = 1L;

  private final String key;

  /** With a message for people. */
  public InvalidSettingException(String key, String message) {
    super(message);
    this.key = key;
  }

  /** As it was given: {@code linger.ms}. */
  public String key() {
    return key;
  }
}
