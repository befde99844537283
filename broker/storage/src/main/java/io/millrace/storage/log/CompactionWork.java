package io.millrace.storage.log;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Something that {@link LogCompactor} does to one log, a piece at a time. On its worker. */
interface CompactionWork {
  PartitionLog log();

  boolean isOver();

  /** The log has changed under it, or was closed: what it has done so far counts, no more. */
  boolean isGivenUp();

  /** Where it is, for who has to look for damage. */
  long offset();

  /**
   * Goes on.
   *
   * @param whenSwapped runs on the worker when it has to wait for a swap: then to be called again
   * @return how many bytes were read; -1 when it waits
   */
  int step(int bytes, Runnable whenSwapped) throws IOException;

  /** Lets go of files. */
  void close() throws IOException;

  /** Where what it was writing may still stand. */
  @Nullable Path unfinished();
}
