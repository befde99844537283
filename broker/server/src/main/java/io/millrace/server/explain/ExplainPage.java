package io.millrace.server.explain;

import java.util.Locale;

/** The page of all reasons, {@code broker/EXPLAIN.md}, written from the table. */
final class ExplainPage {
  private static final String HEAD =
      """
      # What `explain` says

      `millrace explain partition TOPIC/PARTITION`, `millrace explain group G` and `millrace explain broker ID` say why something is as it is.
      Of a partition the leader is asked, since only it knows how far its followers are; when it does not answer, the other replicas, then any
      broker, and each tells what it knows. Of a group its coordinator is asked. Of a broker that broker itself is asked. `--output json` gives the same to programs, who go by the reason: a word below
      keeps its meaning from release to release.

      A finding is *fine*, as it should be; *waiting*, works with less than was asked for, or waits for what comes by itself; or *broken*, does
      not work or will not by itself. The worst come first. Nothing is looked up in ZooKeeper: answers come from what the broker has in memory
      at that moment, so they are there when ZooKeeper is not.

      Written from the table in `Reason` (`broker/server`), and held against it by a test.
      """;

  private ExplainPage() {}

  static String text() {
    StringBuilder page = new StringBuilder(HEAD);
    for (Reason.Group group : Reason.Group.values()) {
      page.append("\n## ").append(group.title()).append("\n\n");
      page.append("| Reason | Is | Means | What to do |\n|---|---|---|---|\n");
      for (Reason reason : Reason.values()) {
        if (reason.group() == group) {
          page.append("| `").append(reason.word()).append("` | ");
          page.append(reason.severity().name().toLowerCase(Locale.ROOT)).append(" | ");
          page.append(reason.meaning()).append(" | ").append(reason.advice()).append(" |\n");
        }
      }
    }
    return page.toString();
  }
}
