package io.millrace.rpc;

import java.util.List;

/**
 * What the side that opens a connection says of itself and puts up with.
 *
 * @param clientName for the other side's logs; up to 200 characters
 * @param features numbers of the optional features this side knows
 * @param clusterId empty: any; else another cluster's broker is refused
 * @param connectTimeoutMillis from the start to the answered Hello
 * @param maxResponseSize bytes of one answer
 * @param maxInFlightRequests unanswered; the other side may allow fewer
 * @param maxInFlightBytes of unanswered requests; the other side may allow fewer; one request is
 *     always let through
 */
public record ConnectionSettings(
    String clientName,
    String clientVersion,
    List<Integer> features,
    String clusterId,
    long connectTimeoutMillis,
    int maxResponseSize,
    int maxInFlightRequests,
    long maxInFlightBytes) {

  public ConnectionSettings {
    features = List.copyOf(features);
    if (clientName.length() > 200 || clientVersion.length() > 200) {
      throw new IllegalArgumentException("client name and version: at most 200 characters each");
    }
    check("the connect time-out", connectTimeoutMillis, 1, 3_600_000);
    check("the response size limit", maxResponseSize, RpcServerSettings.HELLO_SIZE_LIMIT, 1 << 30);
    check("the limit of requests in flight", maxInFlightRequests, 1, 10_000);
    check("the limit of bytes in flight", maxInFlightBytes, 1, 1L << 30);
  }

  /** 10 s to connect, answers up to 128 MiB, 100 requests and 32 MiB in flight, any cluster. */
  public static ConnectionSettings of(String clientName, String clientVersion) {
    return new ConnectionSettings(
        clientName, clientVersion, List.of(), "", 10_000, 128 << 20, 100, 32 << 20);
  }

  private static void check(String what, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " is " + value + "; it must be " + least + " to " + most);
    }
  }

  public ConnectionSettings withClusterId(String id) {
    return new ConnectionSettings(
        clientName,
        clientVersion,
        features,
        id,
        connectTimeoutMillis,
        maxResponseSize,
        maxInFlightRequests,
        maxInFlightBytes);
  }

  public ConnectionSettings withConnectTimeoutMillis(long millis) {
    return new ConnectionSettings(
        clientName,
        clientVersion,
        features,
        clusterId,
        millis,
        maxResponseSize,
        maxInFlightRequests,
        maxInFlightBytes);
  }

  public ConnectionSettings withMaxResponseSize(int bytes) {
    return new ConnectionSettings(
        clientName,
        clientVersion,
        features,
        clusterId,
        connectTimeoutMillis,
        bytes,
        maxInFlightRequests,
        maxInFlightBytes);
  }

  public ConnectionSettings withMaxInFlight(int requests, long bytes) {
    return new ConnectionSettings(
        clientName,
        clientVersion,
        features,
        clusterId,
        connectTimeoutMillis,
        maxResponseSize,
        requests,
        bytes);
  }
}
