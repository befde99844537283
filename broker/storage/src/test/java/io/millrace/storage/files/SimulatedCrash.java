package io.millrace.storage.files;

/** The process ends here: no code of it may run on. */
public final class SimulatedCrash extends Error {
  private static final long serialVersionUID = 1L;

  public SimulatedCrash() {
    super("the process crashed here, as the test wants");
  }
}
