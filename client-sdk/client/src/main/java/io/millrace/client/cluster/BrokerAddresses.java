package io.millrace.client.cluster;

import io.millrace.rpc.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The brokers a client asks first: {@code broker://host:7272,host:7272}. Any of the cluster will
 * do, and one is enough; more are for the day that one is down.
 *
 * @param brokers at least one
 */
public record BrokerAddresses(List<Endpoint> brokers) {
  static final String SCHEME = "broker://";
  private static final int DEFAULT_PORT = 7272;
  private static final int MAX_BROKERS = 64;

  public BrokerAddresses {
    brokers = List.copyOf(brokers);
  }

  /** Whether that is meant to be one of these, and not ZooKeeper's address. */
  public static boolean isMeant(String address) {
    return address.strip().startsWith(SCHEME);
  }

  /**
   * Reads it; a port left out is 7272, an IPv6 address stands in brackets.
   *
   * @throws IllegalArgumentException with a message for the person who wrote it
   */
  public static BrokerAddresses parse(String text) {
    try {
      String hosts = text.strip().substring(SCHEME.length());
      if (hosts.indexOf('/') >= 0) {
        throw new IllegalArgumentException(
            "no path follows the brokers; only ZooKeeper's address has one");
      }
      List<Endpoint> brokers = new ArrayList<>();
      for (String host : hosts.split(",", -1)) {
        brokers.add(broker(host.strip()));
        if (brokers.size() > MAX_BROKERS) {
          throw new IllegalArgumentException("more than " + MAX_BROKERS + " brokers are named");
        }
      }
      return new BrokerAddresses(brokers);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the address \""
              + text
              + "\" is not like broker://host:7272,host:7272: "
              + e.getMessage(),
          e);
    }
  }

  private static Endpoint broker(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a broker's name is empty");
    }
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      String rest = end < 0 ? "" : text.substring(end + 1);
      if (end < 0 || !(rest.isEmpty() || rest.startsWith(":"))) {
        throw new IllegalArgumentException("an IPv6 broker is written [::1]:7272, not " + text);
      }
      return new Endpoint(
          text.substring(1, end), rest.isEmpty() ? DEFAULT_PORT : port(rest.substring(1)));
    }
    int colon = text.indexOf(':');
    if (colon != text.lastIndexOf(':')) {
      throw new IllegalArgumentException("an IPv6 address stands in brackets: [" + text + "]");
    }
    return colon < 0
        ? new Endpoint(text, DEFAULT_PORT)
        : new Endpoint(text.substring(0, colon), port(text.substring(colon + 1)));
  }

  private static int port(String text) {
    if (!text.matches("[0-9]{1,5}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > 65_535) {
      throw new IllegalArgumentException("port \"" + text + "\" is not a number from 1 to 65535");
    }
    return Integer.parseInt(text);
  }

  @Override
  public String toString() {
    return brokers.stream().map(Endpoint::toString).collect(Collectors.joining(",", SCHEME, ""));
  }
}
