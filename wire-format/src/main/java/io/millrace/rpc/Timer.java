package io.millrace.rpc;

/** A task that has been scheduled on an {@link EventLoop}. */
public interface Timer {
  /** From any thread. After it returns on the loop's own thread the task will not start. */
  void cancel();
}
