package io.millrace.storage.directory;

import java.util.Locale;

/**
 * What a replica here may have lost while the cluster's store says that it holds everything. The
 * later, the worse.
 */
public enum Doubt {
  /** What it had not flushed when the machine went down. */
  UNFLUSHED,
  /** Also what it had flushed: its log was cut where no power loss cuts, or ends too early. */
  FLUSHED,
  /** All since somebody copied the disk. */
  COPY;

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  Doubt worse(Doubt other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
