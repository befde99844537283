package io.millrace.server.coordinator;

import io.millrace.server.group.Assignor;
import io.millrace.server.group.Assignors;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupLimits;
import io.millrace.server.group.Membership;
import io.millrace.server.group.TopicDirectory;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What all groups of a broker are decided by.
 *
 * @param topics as they are now; any thread
 */
record GroupRules(Supplier<TopicDirectory> topics) {
  /** In one partition of the groups' topic: a loop that makes groups ends there. B57. */
  static final int MAX_GROUPS = 10_000;

  private static final GroupLimits LIMITS = new GroupLimits(1_000, 1_000);
  private static final Map<String, Assignor> ASSIGNORS = Assignors.all();

  Membership membership(Group group) {
    return new Membership(group, topics.get(), ASSIGNORS, Assignors.DEFAULT, LIMITS);
  }
}
