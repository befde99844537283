package io.millrace.server.config;

/** What a new topic gets when its creator does not say. */
public record TopicDefaults(boolean autoCreate, int partitions) {}
