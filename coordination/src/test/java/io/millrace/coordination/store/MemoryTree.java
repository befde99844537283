package io.millrace.coordination.store;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A tree of nodes as one server holds it. Owner: whoever holds it. */
final class MemoryTree {
  /** What one write did to one node; null: it is gone. */
  record Change(String path, @Nullable Node now) {}

  /** What came of a write, and what it did. */
  record Effect(WriteOutcome outcome, List<Change> changes) {}

  /** A step that is "." or "..". */
  private static final Pattern RELATIVE = Pattern.compile("/\\.{1,2}(/|$)");

  private final NavigableMap<String, Node> nodes = new TreeMap<>();

  MemoryTree() {
    nodes.put("/", new Node(ByteString.EMPTY, 0, 0, 0));
  }

  MemoryTree(MemoryTree other) {
    nodes.putAll(other.nodes);
  }

  /** All that was here gives way to a copy of the other. */
  void become(MemoryTree other) {
    nodes.clear();
    nodes.putAll(other.nodes);
  }

  @Nullable Node get(String path) {
    return nodes.get(path);
  }

  /** By path, parents first. */
  NavigableMap<String, Node> all() {
    return Collections.unmodifiableNavigableMap(nodes);
  }

  List<String> children(String path) {
    String prefix = path.equals("/") ? "/" : path + "/";
    List<String> names = new ArrayList<>();
    for (String below : nodes.tailMap(prefix, false).keySet()) {
      if (!below.startsWith(prefix)) {
        break;
      }
      String name = below.substring(prefix.length());
      if (name.indexOf('/') < 0) {
        names.add(name);
      }
    }
    return names;
  }

  List<String> ownedBy(long session) {
    return nodes.entrySet().stream()
        .filter(entry -> entry.getValue().ephemeralOwner() == session)
        .map(java.util.Map.Entry::getKey)
        .toList();
  }

  List<String> ephemerals() {
    return nodes.entrySet().stream()
        .filter(entry -> entry.getValue().ephemeralOwner() != 0)
        .map(java.util.Map.Entry::getKey)
        .toList();
  }

  void apply(Change change) {
    Node now = change.now();
    if (now == null) {
      nodes.remove(change.path());
    } else {
      nodes.put(change.path(), now);
    }
  }

  /** All steps or none. */
  Effect write(List<StoreOp> steps, long session, long zxid) {
    List<Change> changes = new ArrayList<>();
    List<Change> undo = new ArrayList<>();
    List<Integer> versions = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      StoreOp step = steps.get(i);
      WriteOutcome refused = refuse(step, i);
      if (refused != null) {
        Collections.reverse(undo);
        undo.forEach(this::apply);
        return new Effect(refused, List.of());
      }
      Change change = change(step, session, zxid);
      if (change != null) {
        undo.add(new Change(change.path(), nodes.get(change.path())));
        apply(change);
        changes.add(change);
      }
      versions.add(
          change != null && change.now() != null
              ? change.now().version()
              : WriteOutcome.NO_VERSION);
    }
    return new Effect(new WriteOutcome.Applied(versions), changes);
  }

  private @Nullable WriteOutcome refuse(StoreOp step, int index) {
    String path = step.path();
    if (!isPath(path)) {
      return new Rejected(Rejected.Reason.INVALID, path + " is not a path");
    }
    Node there = nodes.get(path);
    if (step instanceof StoreOp.Create) {
      Node parent = nodes.get(parentOf(path));
      if (there != null) {
        return new Conflict(Conflict.Kind.EXISTS, path, index);
      }
      if (parent == null) {
        return new Conflict(Conflict.Kind.ABSENT, path, index);
      }
      return parent.ephemeralOwner() == 0
          ? null
          : new Rejected(Rejected.Reason.INVALID, path + " would be a child of an ephemeral node");
    }
    if (there == null) {
      return new Conflict(Conflict.Kind.ABSENT, path, index);
    }
    if (there.version() != expectedVersion(step)) {
      return new Conflict(Conflict.Kind.VERSION, path, index);
    }
    return step instanceof StoreOp.Delete && !children(path).isEmpty()
        ? new Conflict(Conflict.Kind.NOT_EMPTY, path, index)
        : null;
  }

  private static int expectedVersion(StoreOp step) {
    if (step instanceof StoreOp.Set set) {
      return set.expectedVersion();
    }
    return step instanceof StoreOp.Delete delete
        ? delete.expectedVersion()
        : ((StoreOp.Check) step).expectedVersion();
  }

  private @Nullable Change change(StoreOp step, long session, long zxid) {
    if (step instanceof StoreOp.Create create) {
      long owner = create.kind() == NodeKind.EPHEMERAL ? session : 0;
      return new Change(create.path(), new Node(create.data(), 0, owner, zxid));
    }
    if (step instanceof StoreOp.Set set) {
      Node old = nodes.get(set.path());
      if (old == null) {
        throw new IllegalStateException("refuse() lets this not pass");
      }
      return new Change(
          set.path(),
          new Node(set.data(), old.version() + 1, old.ephemeralOwner(), old.createdAt()));
    }
    return step instanceof StoreOp.Delete ? new Change(step.path(), null) : null;
  }

  private static String parentOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash == 0 ? "/" : path.substring(0, slash);
  }

  /** What ZooKeeper's client takes for one. */
  static boolean isPath(String path) {
    return path.equals("/")
        || (path.startsWith("/")
            && !path.endsWith("/")
            && !path.contains("//")
            && !RELATIVE.matcher(path).find()
            && path.chars().noneMatch(Character::isISOControl));
  }
}
