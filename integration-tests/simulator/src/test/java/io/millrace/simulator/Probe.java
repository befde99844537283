package io.millrace.simulator;

import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Sends records until each partition has taken one. */
final class Probe {
  private final Options options;
  private final Ledger ledger;
  private final Clients clients;
  private final Set<Integer> taken = new HashSet<>();
  private int sends;

  Probe(Options options, Ledger ledger, Clients clients) {
    this.options = options;
    this.ledger = ledger;
    this.clients = clients;
  }

  /**
   * Asked now and then.
   *
   * @param isExcused need take none
   */
  @Nullable String missing(IntPredicate isExcused) {
    for (int partition = 0; partition < options.partitions(); partition++) {
      if (!taken.contains(partition) && !isExcused.test(partition)) {
        if (sends > 0 && ledger.lastAckedPartition() == partition) {
          taken.add(partition);
          sends = 0;
          continue;
        }
        sends++;
        ledger.forgetLastAcked();
        clients.probe(clients.safeWriter(), partition);
        return "partition " + partition + " takes no records of " + clients.writers();
      }
    }
    return null;
  }
}
