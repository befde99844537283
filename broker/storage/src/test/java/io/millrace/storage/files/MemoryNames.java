package io.millrace.storage.files;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The names on a {@link MemoryDisk}: as they are, and which changes to them have not been synced.
 * Guarded by the disk. A null inode stands for a directory.
 */
final class MemoryNames {
  private final TreeMap<Path, @Nullable MemoryInode> current = new TreeMap<>();
  private final TreeMap<Path, @Nullable MemoryInode> durable = new TreeMap<>();
  private final List<Change> unsynced = new ArrayList<>();

  /** One atomic change: what goes, and what comes; either may be absent. */
  private record Change(@Nullable Path gone, @Nullable Path come, @Nullable MemoryInode inode) {
    boolean touches(Path directory) {
      return isIn(gone, directory) || isIn(come, directory);
    }

    private static boolean isIn(@Nullable Path path, Path directory) {
      return path != null && directory.equals(path.getParent());
    }

    /** False where what it moves, or the directory it moves it to, never got to the disk. */
    boolean applies(TreeMap<Path, @Nullable MemoryInode> names) {
      boolean isThere = gone == null || come == null || names.containsKey(gone);
      Path target = come == null ? null : come.getParent();
      return isThere && (target == null || names.containsKey(target));
    }

    void apply(TreeMap<Path, @Nullable MemoryInode> names) {
      Path from = gone;
      Path to = come;
      TreeMap<Path, @Nullable MemoryInode> below = new TreeMap<>();
      if (from != null) {
        names.remove(from);
        names.forEach(
            (path, each) -> {
              if (path.startsWith(from)) {
                below.put(path, each);
              }
            });
        below.keySet().forEach(names::remove);
      }
      if (to != null) {
        names.put(to, inode);
        if (from != null) {
          below.forEach((path, each) -> names.put(to.resolve(from.relativize(path)), each));
        }
      }
    }
  }

  void addRoot(Path root) {
    for (Path path = root; path != null; path = path.getParent()) {
      current.put(path, null);
      durable.put(path, null);
    }
  }

  boolean exists(Path path) {
    return current.containsKey(path);
  }

  boolean isDirectory(Path path) {
    return exists(path) && current.get(path) == null;
  }

  @Nullable MemoryInode file(Path path) {
    return current.get(path);
  }

  Map<Path, @Nullable MemoryInode> below(Path directory) {
    TreeMap<Path, @Nullable MemoryInode> children = new TreeMap<>();
    // What is below stands together in the order of paths, if not at once after the directory.
    int depth = directory.getNameCount();
    for (Map.Entry<Path, @Nullable MemoryInode> each :
        current.tailMap(directory, false).entrySet()) {
      Path path = each.getKey();
      if (path.getNameCount() == depth + 1 && directory.equals(path.getParent())) {
        children.put(path, each.getValue());
      }
    }
    return children;
  }

  Iterable<MemoryInode> files() {
    List<MemoryInode> files = new ArrayList<>();
    for (MemoryInode inode : current.values()) {
      if (inode != null) {
        files.add(inode);
      }
    }
    return files;
  }

  /** Of the files there are, in the page cache. */
  long usedBytes() {
    long used = 0;
    for (MemoryInode inode : current.values()) {
      used += inode == null ? 0 : inode.size();
    }
    return used;
  }

  void create(Path path, @Nullable MemoryInode inode) {
    change(new Change(null, path, inode));
  }

  void remove(Path path) {
    change(new Change(path, null, null));
  }

  void move(Path from, Path to) {
    change(new Change(from, to, current.get(from)));
  }

  private void change(Change change) {
    change.apply(current);
    unsynced.add(change);
  }

  void sync(Path directory) {
    unsynced.removeIf(
        change -> {
          boolean synced = change.touches(directory) && change.applies(durable);
          if (synced) {
            change.apply(durable);
          }
          return synced;
        });
  }

  /** Each change that was not synced is there or not. */
  void losePower(RandomGenerator random, double lossChance) {
    for (Change change : unsynced) {
      if (random.nextDouble() >= lossChance && change.applies(durable)) {
        change.apply(durable);
      }
    }
    unsynced.clear();
    current.clear();
    current.putAll(durable);
    for (MemoryInode inode : files()) {
      inode.losePower(random, lossChance);
    }
  }

  MemoryNames copy() {
    Map<MemoryInode, MemoryInode> copies = new HashMap<>();
    UnaryOperator<@Nullable MemoryInode> copyOf =
        inode -> inode == null ? null : copies.computeIfAbsent(inode, MemoryInode::copy);
    MemoryNames copy = new MemoryNames();
    current.forEach((path, inode) -> copy.current.put(path, copyOf.apply(inode)));
    durable.forEach((path, inode) -> copy.durable.put(path, copyOf.apply(inode)));
    unsynced.forEach(
        change ->
            copy.unsynced.add(
                new Change(change.gone(), change.come(), copyOf.apply(change.inode()))));
    return copy;
  }
}
