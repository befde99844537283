package io.millrace.server.config;

import io.millrace.rpc.Endpoint;
import java.util.Locale;
import java.util.Optional;

/** Reading of {@code host:port}, and what can be said of a host without looking it up. */
final class Addresses {
  private Addresses() {}

  static Optional<Endpoint> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      return Optional.empty();
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
      if (host.indexOf(':') < 0 || !host.matches("[0-9a-fA-F:.%a-zA-Z]+")) {
        return Optional.empty();
      }
    } else if (!host.matches("[A-Za-z0-9._-]+")) {
      return Optional.empty();
    }
    String port = text.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535 || host.length() > 255) {
      return Optional.empty();
    }
    return Optional.of(new Endpoint(host, Integer.parseInt(port)));
  }

  /** True only for what certainly is this machine alone; any other name counts as exposed. */
  static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.equals("::1")
        || host.equals("0:0:0:0:0:0:0:1")
        || host.matches("127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
  }

  /** Every interface: fine to bind, of no use to somebody who wants to connect. */
  static boolean isWildcard(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    return lower.equals("0.0.0.0") || lower.matches("(0{0,4}:){2,7}0{0,4}");
  }
}
