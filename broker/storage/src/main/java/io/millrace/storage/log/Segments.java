package io.millrace.storage.log;

import java.util.ArrayList;
import java.util.List;

/** A log's segments, ascending; never empty, the last one is the active one. The owner's. */
final class Segments {
  private final List<Segment> list = new ArrayList<>();

  Segments(List<Segment> ascending) {
    if (ascending.isEmpty()) {
      throw new IllegalArgumentException("a log has at least one segment");
    }
    list.addAll(ascending);
  }

  Segment active() {
    return list.get(list.size() - 1);
  }

  Segment first() {
    return list.get(0);
  }

  Segment get(int at) {
    return list.get(at);
  }

  int count() {
    return list.size();
  }

  void add(Segment segment) {
    list.add(segment);
  }

  /** The last segment that begins at or before the offset, 0 when all begin behind it. */
  int floor(long offset) {
    int low = 0;
    int high = list.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (list.get(middle).baseOffset() <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }

  /** Removes the segments behind one; returns them, ascending. */
  List<Segment> removeBehind(int at) {
    List<Segment> tail = list.subList(at + 1, list.size());
    List<Segment> removed = List.copyOf(tail);
    tail.clear();
    return removed;
  }

  /** Removes the segments before one; returns them, ascending. */
  List<Segment> removeBefore(int at) {
    List<Segment> head = list.subList(0, at);
    List<Segment> removed = List.copyOf(head);
    head.clear();
    return removed;
  }

  /**
   * Compaction has written segments again.
   *
   * @param old neighbours
   */
  void replace(List<Segment> old, Segment fresh) {
    int at = list.indexOf(old.get(0));
    list.subList(at, at + old.size()).clear();
    list.add(at, fresh);
  }

  boolean contains(Segment segment) {
    return list.contains(segment);
  }

  /** The log begins anew. */
  void replaceAll(Segment only) {
    list.clear();
    list.add(only);
  }

  List<Segment> all() {
    return List.copyOf(list);
  }

  long sizeBytes() {
    long size = 0;
    for (Segment segment : list) {
      size += segment.sizeBytes();
    }
    return size;
  }
}
