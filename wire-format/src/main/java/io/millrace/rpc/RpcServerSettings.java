package io.millrace.rpc;

import io.millrace.wire.v1.Limits;

/**
 * Bounds of the accepting side. Each is enforced here and told to the peer with the Hello.
 *
 * @param maxRequestSize bytes of one request
 * @param maxInFlightRequests unanswered, for each connection; past it reading stops
 * @param maxInFlightBytes of unanswered requests, for each connection; past it reading stops, but
 *     one request is always taken
 * @param maxTotalBytes of requests of all connections: half for those in flight, half for large
 *     ones still coming in; past either reading stops. May be exceeded by one request for each loop
 * @param maxConnections in all
 * @param maxConnectionsPerAddress from one address; the loopback address counts like any other
 */
public record RpcServerSettings(
    int maxRequestSize,
    int maxInFlightRequests,
    int maxInFlightBytes,
    long maxTotalBytes,
    int maxConnections,
    int maxConnectionsPerAddress,
    Timeouts timeouts) {

  /**
   * A quarter of the heap, which is also what the JVM allows outside it, within 64 and 256 MiB: two
   * listeners leave half for everything else.
   */
  public static final long DEFAULT_TOTAL_BYTES =
      Math.max(64L << 20, Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 4));

  /** With the default for all connections together. */
  public RpcServerSettings(
      int maxRequestSize,
      int maxInFlightRequests,
      int maxInFlightBytes,
      int maxConnections,
      int maxConnectionsPerAddress,
      Timeouts timeouts) {
    this(
        maxRequestSize,
        maxInFlightRequests,
        maxInFlightBytes,
        DEFAULT_TOTAL_BYTES,
        maxConnections,
        maxConnectionsPerAddress,
        timeouts);
  }

  /**
   * What a connection may take its time over, in milliseconds.
   *
   * @param requestMillis the longest a request may ask to be waited for
   * @param helloMillis from the connection's opening to its complete Hello
   * @param receiveMillis from a frame's first byte to its last; a frame that comes at 16 KiB a
   *     second or more is given the time it needs
   * @param sendMillis answers may wait above the link's mark; what the peer takes at 16 KiB a
   *     second or more is given the time it needs
   * @param idleMillis nothing received and nothing in flight
   */
  public record Timeouts(
      long requestMillis, long helloMillis, long receiveMillis, long sendMillis, long idleMillis) {
    public static final Timeouts DEFAULTS = new Timeouts(120_000, 10_000, 30_000, 30_000, 600_000);

    /** With the default for sending. */
    public Timeouts(long requestMillis, long helloMillis, long receiveMillis, long idleMillis) {
      this(requestMillis, helloMillis, receiveMillis, 30_000, idleMillis);
    }

    public Timeouts {
      check("the request time-out", requestMillis, 1, 3_600_000);
      check("the Hello time-out", helloMillis, 1, 3_600_000);
      check("the receive time-out", receiveMillis, 1, 3_600_000);
      check("the send time-out", sendMillis, 1, 3_600_000);
      check("the idle time-out", idleMillis, 1, 86_400_000);
    }

    /** Not the outer record's: its defaults need these, whichever class is loaded first. */
    static void check(String what, long value, long least, long most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            what + " is " + value + "; it must be " + least + " to " + most);
      }
    }
  }

  public static final RpcServerSettings DEFAULTS =
      new RpcServerSettings(64 << 20, 100, 32 << 20, 10_000, 2_000, Timeouts.DEFAULTS);

  /** Hello must fit before anything else is agreed on. */
  public static final int HELLO_SIZE_LIMIT = 64 << 10;

  public RpcServerSettings {
    Timeouts.check("the request size limit", maxRequestSize, HELLO_SIZE_LIMIT, 1 << 30);
    Timeouts.check("the limit of requests in flight", maxInFlightRequests, 1, 10_000);
    Timeouts.check("the limit of bytes in flight", maxInFlightBytes, HELLO_SIZE_LIMIT, 1 << 30);
    Timeouts.check("the limit of bytes of all connections", maxTotalBytes, 1 << 20, 1L << 40);
    Timeouts.check("the connection limit", maxConnections, 1, 1_000_000);
    Timeouts.check("the connection limit for one address", maxConnectionsPerAddress, 1, 1_000_000);
  }

  public RpcServerSettings withMaxConnections(int total, int perAddress) {
    return new RpcServerSettings(
        maxRequestSize,
        maxInFlightRequests,
        maxInFlightBytes,
        maxTotalBytes,
        total,
        perAddress,
        timeouts);
  }

  public RpcServerSettings withMaxInFlight(int requests, int bytes) {
    return new RpcServerSettings(
        maxRequestSize,
        requests,
        bytes,
        maxTotalBytes,
        maxConnections,
        maxConnectionsPerAddress,
        timeouts);
  }

  public RpcServerSettings withMaxRequestSize(int bytes) {
    return new RpcServerSettings(
        bytes,
        maxInFlightRequests,
        maxInFlightBytes,
        maxTotalBytes,
        maxConnections,
        maxConnectionsPerAddress,
        timeouts);
  }

  public RpcServerSettings withMaxTotalBytes(long bytes) {
    return new RpcServerSettings(
        maxRequestSize,
        maxInFlightRequests,
        maxInFlightBytes,
        bytes,
        maxConnections,
        maxConnectionsPerAddress,
        timeouts);
  }

  public RpcServerSettings withTimeouts(Timeouts other) {
    return new RpcServerSettings(
        maxRequestSize,
        maxInFlightRequests,
        maxInFlightBytes,
        maxTotalBytes,
        maxConnections,
        maxConnectionsPerAddress,
        other);
  }

  /** These bounds as a Hello tells them; the limits on batches and records are the owner's. */
  public Limits.Builder limits() {
    return Limits.newBuilder()
        .setMaxRequestSize(maxRequestSize)
        .setMaxInFlightRequests(maxInFlightRequests)
        .setMaxInFlightBytes(maxInFlightBytes);
  }
}
