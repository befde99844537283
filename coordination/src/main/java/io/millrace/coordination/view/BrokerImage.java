package io.millrace.coordination.view;

import io.millrace.rpc.Endpoint;
import java.util.Map;

/**
 * A live broker.
 *
 * @param incarnation differs for every life of the same id
 * @param endpoints by listener name, {@code client} and {@code internal}
 * @param rack empty when none is set
 */
public record BrokerImage(
    int id, int incarnation, Map<String, Endpoint> endpoints, String rack, String softwareVersion) {
  public BrokerImage {
    endpoints = Map.copyOf(endpoints);
  }
}
