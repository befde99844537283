package io.millrace.server.group;

/**
 * @param members of one group
 * @param topics a member may name
 */
public record GroupLimits(int members, int topics) {}
