package io.millrace.server.explain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * One reason, as it is here and now.
 *
 * @param text what is so, with figures, for people
 * @param sinceMillis wall clock, where it is known
 */
public record Finding(Reason reason, String text, OptionalLong sinceMillis) {
  public static Finding of(Reason reason, String text) {
    return new Finding(reason, text, OptionalLong.empty());
  }

  /** The worst first; else as they came. */
  public static List<Finding> sorted(List<Finding> findings) {
    List<Finding> sorted = new ArrayList<>(findings);
    sorted.sort(Comparator.comparing((Finding each) -> each.reason().severity()).reversed());
    return List.copyOf(sorted);
  }

  public io.millrace.wire.v1.Finding toWire() {
    io.millrace.wire.v1.Finding.Builder wire =
        io.millrace.wire.v1.Finding.newBuilder()
            .setReason(reason.word())
            .setSeverity(reason.severity())
            .setText(text)
            .setAdvice(reason.advice());
    sinceMillis.ifPresent(wire::setSinceMs);
    return wire.build();
  }
}
