package io.millrace.simulator;

import java.util.Optional;

/**
 * How a run ended.
 *
 * @param trace of every step it took: equal runs have equal ones
 * @param rounds that were begun, each by a schedule of its own
 * @param faults that were done in them
 * @param virtualNanos how long it took in its own time
 */
record Verdict(
    long seed,
    Optional<Violation> violation,
    long trace,
    int rounds,
    long faults,
    long steps,
    long virtualNanos,
    Reach reach) {
  boolean passed() {
    return violation.isEmpty();
  }
}
