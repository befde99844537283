package io.millrace.server.group;

/**
 * @param members of one group
 * @param topics a member may name, and may get by its patterns
 * @param patterns a member may name
 */
public record GroupLimits(int members, int topics, int patterns) {}
