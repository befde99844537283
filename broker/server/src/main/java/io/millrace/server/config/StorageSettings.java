package io.millrace.server.config;

/** Where the records are kept, and how soon the disk has what nobody waits for. */
public record StorageSettings(
    String dataDirectory, int flushIntervalMillis, int checkpointIntervalMillis) {}
