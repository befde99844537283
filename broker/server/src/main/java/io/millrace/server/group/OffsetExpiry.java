package io.millrace.server.group;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What of a group is to be forgotten. Pure.
 *
 * <ul>
 *   <li>Everything, when the group has had no members and no commit for the retention: the time
 *       counts from when it became empty, not from its commits (semantics 4.13), and a reset by
 *       hand begins it anew.
 *   <li>A group without members and without offsets after ten minutes: there is nothing to lose,
 *       and a person who looks just afterwards still sees that it was there.
 *   <li>Offsets of a topic that does not exist any more, when the last commit is older than the
 *       retention. Not at once: a topic whose nodes somebody puts back is the same again.
 * </ul>
 */
public final class OffsetExpiry {
  private static final long NOTHING_LEFT_MILLIS = 600_000;

  private OffsetExpiry() {}

  /**
   * @param topicExists of a topic's id
   * @return in the order in which they have to be written; empty: nothing is due
   */
  public static List<GroupChange> due(
      Group group, Predicate<String> topicExists, long nowMillis, long retentionMillis) {
    List<GroupChange> due = new ArrayList<>();
    if (group.members().isEmpty()) {
      long lastUse = group.emptySinceMillis();
      for (CommittedOffset offset : group.offsets().values()) {
        lastUse = Math.max(lastUse, offset.commitMillis());
      }
      long keep =
          group.offsets().isEmpty()
              ? Math.min(NOTHING_LEFT_MILLIS, retentionMillis)
              : retentionMillis;
      if (nowMillis - lastUse > keep) {
        group.offsets().keySet().forEach(id -> due.add(new GroupChange.Forgotten(id)));
        due.add(new GroupChange.Ended());
        return due;
      }
    }
    group
        .offsets()
        .forEach(
            (id, offset) -> {
              if (!topicExists.test(id.topicId())
                  && nowMillis - offset.commitMillis() > retentionMillis) {
                due.add(new GroupChange.Forgotten(id));
              }
            });
    return due;
  }
}
