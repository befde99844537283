package io.millrace.server.health;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What each part of the broker has to say about its own condition; the last word of each counts.
 * Any thread.
 */
public final class HealthBoard implements BrokerHealth {
  /** Who speaks; in the order in which a person would want to hear. */
  public enum Part {
    /** The broker's own life: starting, stopping, failed. */
    LIFE,
    /** Its place in the cluster. */
    MEMBERSHIP,
    DISK,
    /** Loops and workers that do not come round. */
    THREADS
  }

  private record Trouble(String reason, boolean isFatal) {}

  /** Of the parts that have one. */
  private final Map<Part, Trouble> troubles = new ConcurrentSkipListMap<>();

  public HealthBoard() {
    bad(Part.LIFE, "starting");
  }

  public void good(Part part) {
    troubles.remove(part);
  }

  /** Not ready for this reason; it may pass. */
  public void bad(Part part, String reason) {
    troubles.put(part, new Trouble(reason, false));
  }

  /** Not even alive: only a restart can help. */
  public void dead(Part part, String reason) {
    troubles.put(part, new Trouble(reason, true));
  }

  @Override
  public Verdict live() {
    String reasons = reasons(true);
    return reasons.isEmpty() ? new Verdict(true, "alive") : new Verdict(false, reasons);
  }

  @Override
  public Verdict ready() {
    String reasons = reasons(false);
    return reasons.isEmpty() ? new Verdict(true, "ready") : new Verdict(false, reasons);
  }

  private String reasons(boolean onlyFatal) {
    List<String> reasons = new ArrayList<>();
    for (Trouble trouble : troubles.values()) {
      if (trouble.isFatal() || !onlyFatal) {
        reasons.add(trouble.reason());
      }
    }
    return String.join("; ", reasons);
  }
}
