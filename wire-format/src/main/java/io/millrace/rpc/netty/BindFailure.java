package io.millrace.rpc.netty;

import io.millrace.rpc.Endpoint;
import java.io.IOException;
import java.net.BindException;
import java.net.UnknownHostException;
import java.util.Locale;

/** Says in one line which address could not be listened on, why, and what to look at. */
final class BindFailure {
  private BindFailure() {}

  static IOException of(Endpoint address, Throwable cause) {
    BindException failure =
        new BindException("cannot listen on " + address + ": " + reason(address, cause));
    failure.initCause(cause);
    return failure;
  }

  private static String reason(Endpoint address, Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return "the name " + address.host() + " cannot be resolved";
    }
    // The two kinds of sockets throw different classes, but both quote the system's own words.
    String words = String.valueOf(cause.getMessage());
    String lower = words.toLowerCase(Locale.ROOT);
    if (lower.contains("address already in use")) {
      return "another program is listening on this port";
    }
    if (lower.contains("cannot assign requested address")) {
      return "this address does not belong to this machine";
    }
    if (lower.contains("permission denied")) {
      return "ports below 1024 need a privilege that this process does not have";
    }
    return words;
  }
}
