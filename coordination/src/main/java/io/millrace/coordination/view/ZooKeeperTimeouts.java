package io.millrace.coordination.view;

/**
 * How long contact with ZooKeeper may be away.
 *
 * @param sessionMillis asked of the server, which grants what its own bounds allow: after this long
 *     without contact what hangs on the session ends
 * @param connectMillis how long a read waits for contact before it gives up
 */
public record ZooKeeperTimeouts(int sessionMillis, int connectMillis) {
  public static final ZooKeeperTimeouts DEFAULT = new ZooKeeperTimeouts(6_000, 15_000);

  public ZooKeeperTimeouts {
    if (sessionMillis < 100 || sessionMillis > 300_000) {
      throw new IllegalArgumentException(
          "a session time-out of " + sessionMillis + " ms is outside 100 to 300000");
    }
    if (connectMillis < 100 || connectMillis > 300_000) {
      throw new IllegalArgumentException(
          "a connect time-out of " + connectMillis + " ms is outside 100 to 300000");
    }
  }
}
