package io.millrace.checker.history;

/** The history itself is wrong, so that nothing can be concluded from it. */
public final class BadHistoryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BadHistoryException(String message) {
    super(message);
  }
}
