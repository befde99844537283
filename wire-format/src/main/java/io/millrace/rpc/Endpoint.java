package io.millrace.rpc;

/**
 * A host and a port.
 *
 * @param host a name or address, IPv6 without brackets
 * @param port 0 to 65,535; 0 asks for any free one when listening
 */
public record Endpoint(String host, int port) {
  public Endpoint {
    if (host.isEmpty() || host.length() > 255 || host.chars().anyMatch(c -> c <= ' ' || c == 127)) {
      throw new IllegalArgumentException("host must be 1 to 255 characters without blanks");
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is outside 0 to 65535");
    }
  }

  /** {@code host:port}, with brackets around an IPv6 address. */
  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
