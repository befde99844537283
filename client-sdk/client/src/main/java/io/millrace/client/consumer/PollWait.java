package io.millrace.client.consumer;

/** How the polling thread waits for the loop; a simulation lets its time pass instead. */
public interface PollWait {
  /**
   * Until {@link #wake} was called, since the last wait or during this one, or the time is up.
   *
   * @throws InterruptedException the thread was or is interrupted; its flag is clear then
   */
  void await(long nanos) throws InterruptedException;

  /** From any thread. */
  void wake();
}
