package io.millrace.server.config;

import io.millrace.rpc.Endpoint;

/**
 * One address to listen on.
 *
 * @param name {@code client} or {@code internal}
 * @param advertised what others are told; its port 0 stands for the port that was bound
 */
public record ListenerSettings(String name, Endpoint bind, Endpoint advertised) {
  /** What to register, once the bound port is known. */
  public Endpoint advertisedWith(int boundPort) {
    return advertised.port() == 0 ? new Endpoint(advertised.host(), boundPort) : advertised;
  }
}
