package io.millrace.coordination.topics;

import io.millrace.coordination.store.StoreLimits;
import io.millrace.coordination.store.StoreOp;
import java.util.ArrayList;
import java.util.List;

/** Cuts many steps into transactions that the store takes. */
final class TransactionParts {
  /** Bounds how long one transaction keeps ZooKeeper's other writers waiting. */
  private static final int MAX_STEPS = 2_000;

  private TransactionParts() {}

  /**
   * @param reservedBytes room that each part keeps for steps that are added to it
   * @return at least one part; each may be added to
   */
  static List<List<StoreOp>> of(List<StoreOp> steps, int reservedBytes) {
    List<List<StoreOp>> parts = new ArrayList<>();
    List<StoreOp> open = new ArrayList<>();
    int size = reservedBytes;
    for (StoreOp step : steps) {
      size += StoreLimits.sizeBytes(step);
      if (!open.isEmpty()
          && (size > StoreLimits.MAX_TRANSACTION_BYTES || open.size() == MAX_STEPS)) {
        parts.add(open);
        open = new ArrayList<>();
        size = reservedBytes + StoreLimits.sizeBytes(step);
      }
      open.add(step);
    }
    parts.add(open);
    return parts;
  }
}
