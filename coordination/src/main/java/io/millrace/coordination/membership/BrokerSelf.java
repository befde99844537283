package io.millrace.coordination.membership;

import io.millrace.rpc.Endpoint;
import java.util.Map;

/**
 * Who this broker is, as it registers.
 *
 * @param directoryId of its data directory, whose lock this process holds
 * @param bootId of the machine's present boot: another one means that a process that registered
 *     with it is not provably gone
 * @param endpoints by listener name, with the ports that were really bound
 * @param rack empty when none is set
 * @param acceptsNewDirectory the operator says that the data directory that had this broker id
 *     before is gone for good
 */
public record BrokerSelf(
    int id,
    String directoryId,
    String bootId,
    Map<String, Endpoint> endpoints,
    String rack,
    String softwareVersion,
    boolean acceptsNewDirectory) {
  public BrokerSelf {
    endpoints = Map.copyOf(endpoints);
    if (id < 0) {
      throw new IllegalArgumentException("broker id " + id + " is negative");
    }
    if (directoryId.isEmpty() || bootId.isEmpty()) {
      throw new IllegalArgumentException("directory id and boot id must be known");
    }
  }
}
