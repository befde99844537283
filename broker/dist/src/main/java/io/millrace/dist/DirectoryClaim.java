package io.millrace.dist;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Keeps two servers from working in one directory; ends with the process, however that ends. */
final class DirectoryClaim implements AutoCloseable {
  private static final String LOCK = ".lock";

  private final DiskLock lock;

  private DirectoryClaim(DiskLock lock) {
    this.lock = lock;
  }

  /**
   * @param directory made when missing, with its parents
   * @throws io.millrace.cli.CommandFailedException with {@link ServerExit#DIRECTORY_REFUSED}
   */
  static DirectoryClaim take(Disk disk, Path directory) {
    try {
      Files.createDirectories(directory);
      DiskLock lock =
          disk.tryLock(directory.resolve(LOCK))
              .orElseThrow(
                  () ->
                      ServerExit.DIRECTORY_REFUSED.because(
                          directory
                              + " is in use by another process; stop that, or name another"
                              + " directory"));
      return new DirectoryClaim(lock);
    } catch (IOException e) {
      throw ServerExit.DIRECTORY_REFUSED.because(
          directory + " cannot be used as a data directory: " + e, e);
    }
  }

  @Override
  public void close() {
    lock.release();
  }
}
