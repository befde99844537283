package io.millrace.server.group;

import java.util.Map;
import java.util.TreeMap;

/** All there are, by name. */
public final class Assignors {
  /** What a member gets that does not ask for any. */
  public static final String DEFAULT = "balanced";

  private Assignors() {}

  public static Map<String, Assignor> all() {
    Map<String, Assignor> all = new TreeMap<>();
    for (Assignor each : new Assignor[] {new BalancedAssignor(), new RangeAssignor()}) {
      all.put(each.name(), each);
    }
    return all;
  }
}
