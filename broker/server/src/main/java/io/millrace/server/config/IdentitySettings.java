package io.millrace.server.config;

/**
 * Who this broker is.
 *
 * @param rack empty when none is set
 */
public record IdentitySettings(int brokerId, String rack) {}
