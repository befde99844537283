package io.millrace.client.errors;

/**
 * It certainly had no effect, and the same call may succeed later: the cluster, not the call, was
 * the reason. Producers retry these by themselves until the delivery time-out.
 */
public abstract class RetriableException extends MillraceException {
  private static final long serialVersionUID = 1L;

  RetriableException(String message) {
    super(message);
  }

  RetriableException(String message, Throwable cause) {
    super(message, cause);
  }
}
