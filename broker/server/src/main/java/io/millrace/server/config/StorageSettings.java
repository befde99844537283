package io.millrace.server.config;

/**
 * Where the records are kept, and how soon the disk has what nobody waits for.
 *
 * @param scrubIntervalMillis in which all of it is read again; 0: never
 */
public record StorageSettings(
    String dataDirectory,
    int flushIntervalMillis,
    int checkpointIntervalMillis,
    int scrubIntervalMillis) {}
