package io.millrace.rpc;

import java.util.function.BooleanSupplier;

/** A transport and the time it lives in, for tests that hold for every transport. */
public interface TransportWorld extends AutoCloseable {
  /** With one loop; the tests open links from here. */
  Transport near();

  /** With two loops; the tests listen here. */
  Transport far();

  /** Where {@link #far} can listen, with a port of 0. */
  Endpoint address();

  /** Where nobody ever answers, neither yes nor no. */
  Endpoint silentAddress() throws Exception;

  /** Real or virtual time passes until the condition holds; fails after half a minute. */
  void await(String what, BooleanSupplier condition);

  /** Time passes; for showing that something does not happen. */
  void pass(long millis);

  /** The loop does nothing while the action runs and everything else goes on for a while. */
  void whileBusy(EventLoop loop, Runnable action);

  /** Received buffers not given back; always 0 where it cannot be told. */
  long outstandingBuffers();

  /** What callbacks have thrown so far was meant; otherwise it fails the test where it is seen. */
  void forgiveThrown();

  @Override
  void close();
}
