package io.millrace.client;

/**
 * A live broker.
 *
 * @param incarnation differs for every life of the same id
 * @param host where clients reach it
 * @param rack empty when none is set
 */
public record Broker(int id, int incarnation, String host, int port, String rack, String version) {}
