package io.millrace.cli.bench;

import io.millrace.cli.bench.Ledger.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares a ledger with what a topic holds: records in, findings out. */
final class LedgerCheck {
  private static final int EXAMPLES = 10;

  private final Ledger ledger;

  /** By record: how often it was found; stops counting at the largest byte. */
  private final byte[] copies;

  /** By record: whether it was found where its acknowledgement said. */
  private final java.util.BitSet inPlace = new java.util.BitSet();

  /** By partition: the highest number seen. */
  private final Map<Integer, Long> highest = new HashMap<>();

  private final Findings findings = new Findings();

  /** What was found. */
  static final class Findings {
    /** Acknowledged, and nowhere in the topic. */
    long lost;

    /** Further copies of acknowledged records. */
    long duplicated;

    /** Records that follow one which was sent after them, in the same partition. */
    long reordered;

    /** Acknowledged at one place, found at another only. */
    long misplaced;

    /** Acknowledged at an offset that the topic has let go since: retention or trim. */
    long expired;

    /** Reported as certainly not written, and found. */
    long failedFound;

    /** Of unknown outcome, and found. */
    long unknownFound;

    /** Records of the run that its ledger does not know: a crash took the lines. */
    long unrecorded;

    /** Records of the run, copies included. */
    long found;

    /** The first few of what should not be. */
    final List<String> examples = new ArrayList<>();

    /** Whether what was acknowledged is there, once, and what failed is not. */
    boolean good() {
      return lost == 0 && duplicated == 0 && misplaced == 0 && failedFound == 0;
    }

    private void example(String text) {
      if (examples.size() < EXAMPLES) {
        examples.add(text);
      }
    }
  }

  LedgerCheck(Ledger ledger) {
    this.ledger = ledger;
    this.copies = new byte[ledger.count()];
  }

  /** A record of the run, in the order of offsets for each partition. */
  void found(int partition, long offset, long number) {
    findings.found++;
    Outcome outcome = ledger.outcome(number);
    if (outcome == Outcome.NONE) {
      findings.unrecorded++;
      return;
    }
    int record = (int) number;
    String where = "record " + number + " at " + partition + " offset " + offset;
    boolean first = copies[record] == 0;
    copies[record] = (byte) Math.min(Byte.MAX_VALUE, copies[record] + 1);
    if (first) {
      orderOf(partition, number, where);
    }
    switch (outcome) {
      case ACKNOWLEDGED -> {
        if (!first) {
          findings.duplicated++;
          findings.example("duplicated: " + where);
        }
        if (partition == ledger.partition(record) && offset == ledger.offset(record)) {
          inPlace.set(record);
        }
      }
      case FAILED -> {
        findings.failedFound++;
        findings.example("reported as failed, but written: " + where);
      }
      case UNKNOWN -> findings.unknownFound += first ? 1 : 0;
      case NONE -> throw new IllegalStateException("handled above");
    }
  }

  private void orderOf(int partition, long number, String where) {
    long before = highest.getOrDefault(partition, -1L);
    if (number < before) {
      findings.reordered++;
      findings.example("reordered: " + where + " is behind record " + before);
    } else {
      highest.put(partition, number);
    }
  }

  /**
   * When the whole topic has been seen.
   *
   * @param beginnings the first offset there is, by partition
   */
  Findings finish(Map<Integer, Long> beginnings) {
    for (int record = 0; record < ledger.count(); record++) {
      if (ledger.outcome(record) != Outcome.ACKNOWLEDGED || inPlace.get(record)) {
        continue;
      }
      int partition = ledger.partition(record);
      long offset = ledger.offset(record);
      String where = "record " + record + ", acknowledged at " + partition + " offset " + offset;
      if (offset < beginnings.getOrDefault(partition, 0L)) {
        findings.expired++;
      } else if (copies[record] == 0) {
        findings.lost++;
        findings.example("LOST: " + where);
      } else {
        findings.misplaced++;
        findings.example("not where it was acknowledged: " + where);
      }
    }
    return findings;
  }
}
