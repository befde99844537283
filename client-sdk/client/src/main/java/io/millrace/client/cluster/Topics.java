package io.millrace.client.cluster;

import io.millrace.client.TopicDescription;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The topics this client has heard of. Belongs to the client's loop.
 *
 * <p>A topic that was replaced by another of the same name never comes back, whoever says so. One
 * that was only missing may: somebody has put its metadata back (B76).
 */
final class Topics {
  private static final int REMEMBERED = 10_000;

  private final Map<String, KnownTopic> byName = new HashMap<>();

  /** How many are known; read by anybody. */
  private volatile int count;

  private final Map<String, String> retiredIds = new Remembered();

  /** By name: the last that was known, of which the store has said since that there is none. */
  private final Map<String, String> missingIds = new Remembered();

  /** Forgets what was put into it first. */
  private static final class Remembered extends LinkedHashMap<String, String> {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
      return size() > REMEMBERED;
    }
  }

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

  Collection<KnownTopic> all() {
    return byName.values();
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
    String missing = missingIds.remove(description.name());
    String before = known == null ? missing : known.id();
    if (before != null && !before.equals(description.topicId())) {
      retiredIds.put(before, description.name());
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
      missingIds.put(name, known.id());
    }
    return known;
  }
}
