package io.millrace.client;

/** A topic in a list. */
public record TopicListing(String name, String topicId, int partitions, int replicationFactor) {}
