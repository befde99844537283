package io.millrace.server.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the sets become when some leave and some join. A pure function.
 *
 * @param inSync in order of preference
 * @param eligible those who left by a write that ended below the minimum: nothing has been
 *     committed since, so they hold all that is
 */
record SetsPlan(List<Integer> inSync, List<Integer> eligible, boolean soleFlushed, String why) {
  /**
   * @return null when nothing changes
   */
  static @Nullable SetsPlan of(
      PartitionState now, int self, int minInSync, Map<Integer, String> leaving, Set<Integer> in) {
    List<Integer> inSync = new ArrayList<>(now.inSync());
    inSync.removeAll(leaving.keySet());
    inSync.addAll(in);
    inSync = inOrder(now.replicas(), inSync);
    List<Integer> eligible = new ArrayList<>();
    if (inSync.size() < minInSync) {
      eligible.addAll(now.eligible());
      leaving.keySet().stream().filter(gone -> !eligible.contains(gone)).forEach(eligible::add);
      eligible.removeAll(inSync);
    }
    boolean sameMembers = Set.copyOf(inSync).equals(Set.copyOf(now.inSync()));
    if (sameMembers) {
      inSync = now.inSync();
    }
    boolean isSole = inSync.equals(List.of(self));
    boolean soleFlushed = isSole || (sameMembers && now.soleFlushed());
    boolean sameEligible = Set.copyOf(eligible).equals(Set.copyOf(now.eligible()));
    return sameMembers && sameEligible && soleFlushed == now.soleFlushed()
        ? null
        : new SetsPlan(
            inSync,
            inOrder(now.replicas(), eligible),
            soleFlushed,
            why(leaving, in, sameEligible ? "alone, and all of it is on disk" : "enough in sync"));
  }

  /** The write leaves this replica as the only one that is known to hold everything. */
  boolean isSole(int self) {
    return inSync.equals(List.of(self));
  }

  private static List<Integer> inOrder(List<Integer> replicas, List<Integer> some) {
    return replicas.stream().filter(some::contains).toList();
  }

  private static String why(Map<Integer, String> leaving, Set<Integer> in, String otherwise) {
    List<String> clauses = new ArrayList<>();
    new TreeMap<>(leaving).forEach((broker, why) -> clauses.add(broker + " leaves: " + why));
    in.stream().sorted().forEach(broker -> clauses.add(broker + " has caught up"));
    return clauses.isEmpty() ? otherwise : String.join(", ", clauses);
  }
}
