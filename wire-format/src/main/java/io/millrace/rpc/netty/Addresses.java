package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Between the seam's endpoints and the socket addresses below. */
final class Addresses {
  private Addresses() {}

  /** The number, never a name that would have to be looked up; without an IPv6 scope. */
  static Endpoint endpoint(@Nullable SocketAddress address, Endpoint otherwise) {
    if (address instanceof InetSocketAddress internet && internet.getAddress() != null) {
      return new Endpoint(NetUtil.toAddressString(internet.getAddress()), internet.getPort());
    }
    return otherwise;
  }

  static boolean isNumeric(String host) {
    return NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
  }

  /** May ask the name servers and so block for seconds, but for numeric hosts. */
  static InetSocketAddress resolve(Endpoint endpoint) throws UnknownHostException {
    return new InetSocketAddress(InetAddress.getByName(endpoint.host()), endpoint.port());
  }
}
