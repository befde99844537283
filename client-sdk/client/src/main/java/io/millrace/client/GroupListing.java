package io.millrace.client;

/** A group in a list. */
public record GroupListing(String groupId, GroupState state, int members) {}
