package io.millrace.server.replica;

import io.millrace.rpc.SafetyRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the in-sync sets that may stand demand together. While a change is in flight, or its outcome
 * unknown, the old sets may stand and the new ones may: what is committed must be so for both.
 *
 * @param counted members of any of these sets: each must hold a record before it is committed
 * @param fewest members of the smallest of these sets
 * @param mayAdvance each set reaches the minimum, and the eligible set is certainly empty; without
 *     that the high watermark stays where it is
 * @param maySole one of these sets may have a single member: then what is committed is on its disk
 */
record Standing(List<Integer> counted, int fewest, boolean mayAdvance, boolean maySole) {
  Standing {
    counted = List.copyOf(counted);
  }

  /**
   * @param change sent, with an outcome that is not known yet
   */
  static Standing of(PartitionState confirmed, @Nullable SetsChange change, int minInSync) {
    if (change == null || SafetyRule.R5.isLeftOut()) {
      int size = confirmed.inSync().size();
      boolean mayAdvance =
          size >= minInSync && (confirmed.eligible().isEmpty() || SafetyRule.H5.isLeftOut());
      return new Standing(confirmed.inSync(), size, mayAdvance, size == 1);
    }
    List<Integer> counted = new ArrayList<>(confirmed.inSync());
    change.inSync().stream().filter(member -> !counted.contains(member)).forEach(counted::add);
    int fewest = Math.min(confirmed.inSync().size(), change.inSync().size());
    boolean mayAdvance =
        SafetyRule.H5.isLeftOut()
            ? counted.size() >= minInSync
            : fewest >= minInSync && confirmed.eligible().isEmpty() && change.eligible().isEmpty();
    boolean maySole = SafetyRule.H2.isLeftOut() ? counted.size() == 1 : fewest == 1;
    return new Standing(counted, fewest, mayAdvance, maySole);
  }
}
