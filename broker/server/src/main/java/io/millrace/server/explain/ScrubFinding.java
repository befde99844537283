package io.millrace.server.explain;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** How far a broker is with reading again all that it stores. Pure. */
public final class ScrubFinding {
  private ScrubFinding() {}

  /**
   * @param progress of the present pass, 0 to 1; 1 between passes
   * @param endedMillis when the last whole pass ended, 0 for never in this life
   * @param damages ranges found in this life
   * @param repairs of these, those that were put right
   */
  public static Finding of(double progress, long endedMillis, long damages, long repairs) {
    String pass =
        progress < 1
            ? "%d %% of all that is stored has been read again in this pass"
                .formatted((int) (100 * progress))
            : endedMillis == 0
                ? "nothing has been read again since the start"
                : "all that is stored has been read again";
    String last =
        endedMillis == 0
            ? ""
            : ", the last pass ended at "
                + Instant.ofEpochMilli(endedMillis).truncatedTo(ChronoUnit.SECONDS);
    String found =
        damages == 0
            ? "; no damage was found since the start"
            : "; %,d damaged range(s) were found since the start, and %,d put right"
                .formatted(damages, repairs);
    return Finding.of(Reason.READ_AGAIN, pass + last + found);
  }
}
