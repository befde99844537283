package io.millrace.coordination.view;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once of each refused entry that it was refused, and why. Owner: the store's loop.
 *
 * <p>The entry itself is skipped, or its last good content kept; nothing is ever deleted because an
 * entry could not be read.
 */
final class Quarantine {
  private static final Logger log = LoggerFactory.getLogger(Quarantine.class);
  private static final int MAX_REMEMBERED = 10_000;

  private final Map<String, String> told = new HashMap<>();
  private boolean toldOfMore;

  /** Null: to be made anew. */
  private @Nullable Map<String, String> snapshot;

  void refuse(String path, int version, String why) {
    String what = version < 0 ? why : "version " + version + ": " + why;
    if (told.size() >= MAX_REMEMBERED && !told.containsKey(path)) {
      tellOfMore();
    } else if (!what.equals(told.put(path, what))) {
      snapshot = null;
      log.error(
          "refused the node {} as it stands, what it held before goes on: {}",
          TopicNames.shown(path),
          what);
    }
  }

  private void tellOfMore() {
    if (!toldOfMore) {
      toldOfMore = true;
      log.error("more than {} nodes are refused; no more of them are named", MAX_REMEMBERED);
    }
  }

  /** The entry is in order (again). */
  void accept(String path) {
    if (told.remove(path) != null) {
      snapshot = null;
      log.info("the node {} can be read again", path);
    }
  }

  /** There is no such entry any more. */
  void forget(String path) {
    if (told.remove(path) != null) {
      snapshot = null;
    }
  }

  /** Below the parent there is nothing any more but under these names. */
  void forgetOthers(String parent, Set<String> names) {
    int begin = parent.length() + 1;
    boolean removed =
        told.keySet()
            .removeIf(
                path -> {
                  if (!path.startsWith(parent + "/")) {
                    return false;
                  }
                  int end = path.indexOf('/', begin);
                  return !names.contains(path.substring(begin, end < 0 ? path.length() : end));
                });
    if (removed) {
      snapshot = null;
    }
  }

  /** What is refused as it stands, by path, with the reason; the same object until it changes. */
  Map<String, String> snapshot() {
    Map<String, String> present = snapshot;
    if (present == null) {
      present = Map.copyOf(told);
      snapshot = present;
    }
    return present;
  }
}
