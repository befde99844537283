package io.millrace.client;

import java.util.List;

/**
 * Takes a client's figures, from time to time, to wherever they are wanted: a plug point, so that
 * the client depends on no metrics library.
 *
 * <p>Called on the client's own thread, which it must not block; what it throws is logged and harms
 * nothing.
 */
@FunctionalInterface
public interface MetricsSink {
  /**
   * Takes all of a client's figures as they are now; for the last time when the client is closed.
   *
   * @param clientId of the settings
   */
  void report(String clientId, List<Metric> metrics);
}
