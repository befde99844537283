package io.millrace.server.coordinator;

/**
 * How a heartbeat came.
 *
 * @param number grows with each that the member's process sends
 * @param waitMillis how long the answer may wait for something to change; 0: not at all
 */
public record HeartbeatCall(long number, int waitMillis) {}
