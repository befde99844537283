package io.millrace.server.coordinator;

import io.millrace.server.group.Group;
import java.util.List;

/** A group in figures, for metrics. */
public record GroupFigures(
    String groupId, Group.State state, int members, List<GroupProgress> progress) {}
