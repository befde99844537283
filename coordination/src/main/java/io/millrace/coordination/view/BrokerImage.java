package io.millrace.coordination.view;

import io.millrace.rpc.Endpoint;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

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
    // In order, as all maps of images: whoever goes through them does so in the same order.
    endpoints = Collections.unmodifiableMap(new TreeMap<>(endpoints));
  }
}
