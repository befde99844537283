package io.millrace.server.config;

import io.millrace.storage.compaction.CompactionPace;

/**
 * Where the records are kept, and how soon the disk has what nobody waits for.
 *
 * @param scrubIntervalMillis in which all of it is read again; 0: never
 * @param compaction how much compaction may take
 */
public record StorageSettings(
    String dataDirectory,
    int flushIntervalMillis,
    int checkpointIntervalMillis,
    int scrubIntervalMillis,
    CompactionPace compaction) {}
