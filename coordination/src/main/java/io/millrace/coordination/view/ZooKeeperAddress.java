package io.millrace.coordination.view;

import io.millrace.rpc.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where a cluster's ZooKeeper is, and where in it the cluster is: {@code
 * zk1:2181,zk2:2181/millrace}.
 *
 * @param servers at least one
 * @param chroot empty for the root, else {@code /a/b}
 */
public record ZooKeeperAddress(List<Endpoint> servers, String chroot) {
  public static final int DEFAULT_PORT = 2181;
  public static final String DEFAULT_CHROOT = "/millrace";

  private static final int MAX_SERVERS = 64;

  public ZooKeeperAddress {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("no server is named");
    }
    requireChroot(chroot);
  }

  /**
   * Reads {@code host[:port],host[:port][/chroot]}; a port left out is 2181, a chroot left out is
   * {@code /millrace}, a chroot of {@code /} is the root. An IPv6 address stands in brackets.
   *
   * @throws IllegalArgumentException with a message for the person who wrote it
   */
  public static ZooKeeperAddress parse(String text) {
    try {
      String trimmed = text.strip();
      int slash = trimmed.indexOf('/');
      String hosts = slash < 0 ? trimmed : trimmed.substring(0, slash);
      String chroot = slash < 0 ? DEFAULT_CHROOT : trimmed.substring(slash);
      List<Endpoint> servers = new ArrayList<>();
      for (String host : hosts.split(",", -1)) {
        servers.add(server(host.strip()));
        if (servers.size() > MAX_SERVERS) {
          throw new IllegalArgumentException("more than " + MAX_SERVERS + " servers are named");
        }
      }
      return new ZooKeeperAddress(servers, chroot.equals("/") ? "" : chroot);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the ZooKeeper address \""
              + text
              + "\" is not like zk1:2181,zk2:2181/millrace: "
              + e.getMessage(),
          e);
    }
  }

  private static Endpoint server(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a server's name is empty");
    }
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0) {
        throw new IllegalArgumentException("the bracket of " + text + " is not closed");
      }
      String rest = text.substring(end + 1);
      if (!rest.isEmpty() && !rest.startsWith(":")) {
        throw new IllegalArgumentException(
            "after the bracket of " + text + " only :port may follow");
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

  private static void requireChroot(String chroot) {
    if (chroot.isEmpty()) {
      return;
    }
    if (!chroot.matches("(/[A-Za-z0-9._-]+)+") || chroot.matches(".*/\\.{1,2}(/.*)?")) {
      throw new IllegalArgumentException(
          "the chroot \"" + chroot + "\" must look like /a or /a/b, of letters, digits, . _ and -");
    }
    if (chroot.equals("/zookeeper") || chroot.startsWith("/zookeeper/")) {
      throw new IllegalArgumentException("/zookeeper belongs to ZooKeeper itself");
    }
  }

  /** What ZooKeeper's client takes: without the chroot. */
  public String connectString() {
    return servers.stream().map(Endpoint::toString).collect(Collectors.joining(","));
  }

  @Override
  public String toString() {
    return connectString() + (chroot.isEmpty() ? "/" : chroot);
  }
}
