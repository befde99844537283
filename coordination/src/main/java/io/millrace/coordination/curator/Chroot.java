package io.millrace.coordination.curator;

import java.util.ArrayList;
import java.util.List;

/**
 * Puts our paths below the chroot and takes it off again. Done here and not by ZooKeeper's connect
 * string, because that needs the chroot to exist already.
 */
final class Chroot {
  /** Empty, or beginning with a slash and not ending in one. */
  private final String prefix;

  Chroot(String prefix) {
    if (!prefix.isEmpty() && (!prefix.startsWith("/") || prefix.endsWith("/"))) {
      throw new IllegalArgumentException("chroot " + prefix + " must look like /a or /a/b");
    }
    this.prefix = prefix;
  }

  String full(String path) {
    if (path.equals("/")) {
      return prefix.isEmpty() ? "/" : prefix;
    }
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path " + path + " must begin with /");
    }
    return prefix + path;
  }

  /** The other way. Events of ZooKeeper carry full paths. */
  String stripped(String fullPath) {
    if (!fullPath.startsWith(prefix)) {
      throw new IllegalArgumentException(fullPath + " is not below " + prefix);
    }
    String path = fullPath.substring(prefix.length());
    return path.isEmpty() ? "/" : path;
  }

  /** The chroot's own nodes, parents first; without the root, which is always there. */
  List<String> ancestors() {
    List<String> found = new ArrayList<>();
    for (int slash = prefix.indexOf('/', 1); slash > 0; slash = prefix.indexOf('/', slash + 1)) {
      found.add(prefix.substring(0, slash));
    }
    if (!prefix.isEmpty()) {
      found.add(prefix);
    }
    return found;
  }
}
