package io.millrace.client.cluster;

import io.millrace.client.TopicDescription;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The topics this client has heard of. Belongs to the client's loop.
 *
 * <p>A topic that was replaced by another of the same name never comes back, whoever says so.
 */
final class Topics {
  private static final int RETIRED_REMEMBERED = 10_000;

  private final Map<String, KnownTopic> byName = new HashMap<>();

  /** How many are known; read by anybody. */
  private volatile int count;

  private final Map<String, Boolean> retiredIds =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > RETIRED_REMEMBERED;
        }
      };

  /** What a description did to what was known. */
  enum Change {
    NONE,
    CHANGED,
    /** Another topic of the same name, or the first. */
    NEW
  }

  /** From any thread. */
  int count() {
    return count;
  }

  void forEach(Consumer<KnownTopic> action) {
    byName.values().forEach(action);
  }

  boolean any(Predicate<KnownTopic> which) {
    return byName.values().stream().anyMatch(which);
  }

  @Nullable KnownTopic find(String name) {
    return byName.get(name);
  }

  Change merge(TopicDescription description) {
    if (retiredIds.containsKey(description.topicId())) {
      return Change.NONE;
    }
    KnownTopic known = byName.get(description.name());
    if (known != null && known.id().equals(description.topicId())) {
      return known.merge(description) ? Change.CHANGED : Change.NONE;
    }
    if (known != null) {
      retiredIds.put(known.id(), true);
    }
    byName.put(description.name(), new KnownTopic(description));
    count = byName.size();
    return Change.NEW;
  }

  /** The store says there is none of this name; returns the one that was known. */
  @Nullable KnownTopic remove(String name) {
    KnownTopic known = byName.remove(name);
    count = byName.size();
    if (known != null) {
      retiredIds.put(known.id(), true);
    }
    return known;
  }
}
