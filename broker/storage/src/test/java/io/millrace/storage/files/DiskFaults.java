package io.millrace.storage.files;

import java.io.IOException;
import java.nio.file.Path;

/** What a test may do to a {@link MemoryDisk}'s calls; called before each of them. */
@FunctionalInterface
public interface DiskFaults {
  DiskFaults NONE = (operation, path) -> {};

  /** Throws to make the call fail, blocks or lets time pass to make it slow, else lets it go. */
  void before(DiskOperation operation, Path path) throws IOException;
}
