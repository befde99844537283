package io.millrace.client;

import java.util.List;

/**
 * Why a partition or a broker is as it is, as one broker sees it.
 *
 * @param brokerId who answered: of a partition its leader, if that could be asked
 * @param findings the worst first; never empty
 */
public record Explanation(int brokerId, List<Finding> findings) {
  public Explanation {
    findings = List.copyOf(findings);
  }

  /** Whether all is as it should be. */
  public boolean isFine() {
    return findings.stream().allMatch(each -> each.severity() == Finding.Severity.FINE);
  }
}
