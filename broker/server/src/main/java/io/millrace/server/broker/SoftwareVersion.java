package io.millrace.server.broker;

import java.util.Objects;

/** What this program calls itself towards others. */
final class SoftwareVersion {
  /** As the archive's manifest says; absent when run from class folders. */
  static final String CURRENT =
      Objects.requireNonNullElse(
          SoftwareVersion.class.getPackage().getImplementationVersion(), "development");

  private SoftwareVersion() {}
}
