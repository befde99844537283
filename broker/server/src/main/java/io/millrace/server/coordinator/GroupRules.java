package io.millrace.server.coordinator;

import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.Assignor;
import io.millrace.server.group.Assignors;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupLimits;
import io.millrace.server.group.Membership;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What all groups of a broker are decided by.
 *
 * @param catalog the newest; any thread
 * @param retentionMillis how long offsets of a group without members are kept
 */
record GroupRules(Supplier<Catalog> catalog, long retentionMillis, GroupCounters counters) {
  /** In one partition of the groups' topic: a loop that makes groups ends there. B57. */
  static final int MAX_GROUPS = 10_000;

  private static final GroupLimits LIMITS = new GroupLimits(1_000, 1_000, 100);
  private static final Map<String, Assignor> ASSIGNORS = Assignors.all();

  /** For one decision, made at a time by the wall clock. */
  Membership membership(Group group, Catalog now, long nowMillis) {
    return new Membership(
        group, new CatalogTopics(now), ASSIGNORS, Assignors.DEFAULT, LIMITS, nowMillis);
  }
}
