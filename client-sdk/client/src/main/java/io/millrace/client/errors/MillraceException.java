package io.millrace.client.errors;

/** The root of all that the client reports; see the three families below it. */
public abstract class MillraceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MillraceException(String message) {
    super(message);
  }

  MillraceException(String message, Throwable cause) {
    super(message, cause);
  }
}
