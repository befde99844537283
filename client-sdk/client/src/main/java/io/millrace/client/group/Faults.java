package io.millrace.client.group;

import org.jspecify.annotations.Nullable;

/**
 * What the application's own code throws while several things have to be done, each of them in any
 * case: the first comes out in the end, with the others suppressed.
 */
final class Faults {
  private @Nullable Throwable first;

  /** Does it, and keeps what it throws. */
  void run(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error thrown) {
      keep(thrown);
    }
  }

  private void keep(Throwable thrown) {
    if (first == null) {
      first = thrown;
    } else if (first != thrown) {
      first.addSuppressed(thrown);
    }
  }

  /** Of an exception that comes out instead. */
  void suppressIn(Throwable other) {
    if (first != null && first != other) {
      other.addSuppressed(first);
    }
  }

  /** Once everything has been done. */
  void rethrow() {
    if (first instanceof RuntimeException thrown) {
      throw thrown;
    }
    if (first instanceof Error thrown) {
      throw thrown;
    }
  }
}
