package io.millrace.rpc;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

/**
 * The opening side. Opening again after a failure is the caller's business; see {@link Backoff}.
 */
public final class RpcClient {
  private RpcClient() {}

  /**
   * Connects, greets, and tells the listener on the loop how it went. From any thread.
   *
   * @param loop of that transport; the connection's owner
   */
  public static void connect(
      Transport transport,
      EventLoop loop,
      Endpoint to,
      ConnectionSettings settings,
      Connection.Listener listener) {
    long timeoutNanos = MILLISECONDS.toNanos(settings.connectTimeoutMillis());
    long startNanos = loop.clock().nanoTime();
    transport.connect(
        to,
        loop,
        timeoutNanos,
        new Transport.ConnectHandler() {
          @Override
          public LinkHandler connected(Link link) {
            long spentNanos = loop.clock().nanoTime() - startNanos;
            ClientConnection connection = new ClientConnection(link, to, settings, listener);
            connection.greet(Math.max(1, timeoutNanos - spentNanos));
            return connection;
          }

          @Override
          public void failed(Throwable cause) {
            listener.onFailed(cause);
          }
        });
  }
}
