package io.millrace.server.config;

/**
 * Who this broker is.
 *
 * @param rack empty when none is set
 * @param acceptsNewDirectory the directory this id had before is gone for good
 */
public record IdentitySettings(int brokerId, String rack, boolean acceptsNewDirectory) {}
