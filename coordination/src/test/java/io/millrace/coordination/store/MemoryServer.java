package io.millrace.coordination.store;

import io.millrace.coordination.store.MemoryTree.Change;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The server that one client talks to: its tree may be behind the leader's. Owner: the ensemble's
 * loop.
 *
 * <p>It catches up when the client syncs or writes, as ZooKeeper's servers do, and otherwise with
 * every change unless it lags.
 */
final class MemoryServer {
  private final MemoryTree tree;
  private final Deque<List<Change>> behind = new ArrayDeque<>();
  private final Set<String> watched = new HashSet<>();
  private final Consumer<String> onEvent;
  private boolean isLagging;

  /**
   * @param onEvent hears of the changes of watched nodes, in order
   */
  MemoryServer(MemoryTree leader, Consumer<String> onEvent) {
    this.tree = new MemoryTree(leader);
    this.onEvent = onEvent;
  }

  MemoryTree tree() {
    return tree;
  }

  void watch(String path) {
    watched.add(path);
  }

  void setLagging(boolean isLagging) {
    this.isLagging = isLagging;
    if (!isLagging) {
      catchUp();
    }
  }

  void commit(List<Change> changes) {
    behind.add(changes);
    if (!isLagging) {
      catchUp();
    }
  }

  void catchUp() {
    while (!behind.isEmpty()) {
      for (Change change : behind.remove()) {
        tree.apply(change);
        if (watched.stream().anyMatch(path -> isWithin(change.path(), path))) {
          onEvent.accept(change.path());
        }
      }
    }
  }

  private static boolean isWithin(String path, String watchedPath) {
    return path.equals(watchedPath)
        || watchedPath.equals("/")
        || path.startsWith(watchedPath + "/");
  }
}
