package io.millrace.simulator;

import java.util.Optional;

/**
 * How a run ended.
 *
 * @param trace of every step it took: equal runs have equal ones
 * @param virtualNanos how long it took in its own time
 */
record Verdict(
    long seed,
    Optional<Violation> violation,
    long trace,
    long steps,
    long virtualNanos,
    Reach reach) {
  boolean passed() {
    return violation.isEmpty();
  }
}
