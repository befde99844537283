package io.millrace.client.errors;

/**
 * It certainly had no effect, and the same call will fail again until something else changes: the
 * call, the topic, the settings or the rights.
 */
public abstract class FatalException extends MillraceException {
  private static final long serialVersionUID = 1L;

  FatalException(String message) {
    super(message);
  }

  FatalException(String message, Throwable cause) {
    super(message, cause);
  }
}
