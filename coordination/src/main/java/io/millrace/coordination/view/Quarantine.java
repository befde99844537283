package io.millrace.coordination.view;

import java.util.LinkedHashMap;
import java.util.Map;
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

  private final Map<String, String> told =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  void refuse(String path, int version, String why) {
    String what = "version " + version + ": " + why;
    if (!what.equals(told.put(path, what))) {
      log.error(
          "refused the node {} as it stands, what it held before goes on: {}",
          TopicNames.shown(path),
          what);
    }
  }

  /** The entry is in order (again). */
  void accept(String path) {
    if (told.remove(path) != null) {
      log.info("the node {} can be read again", path);
    }
  }

  int size() {
    return told.size();
  }
}
