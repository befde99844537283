package io.millrace.storage.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Directories and files. Any thread; calls may block on the disk.
 *
 * <p>Files are made readable and writable for the owner only (0600), directories likewise (0700).
 * The last component of a path is never followed when it is a symbolic link. What has been created,
 * renamed or deleted is durable only after {@link #syncDirectory} of the directory it stands in.
 */
public interface Disk {
  /**
   * Makes a file that does not exist yet.
   *
   * @throws java.nio.file.FileAlreadyExistsException when anything stands there
   */
  DiskFile create(Path file) throws IOException;

  /**
   * Opens an existing file for reading and writing.
   *
   * @throws java.nio.file.NoSuchFileException when it is not there
   */
  DiskFile open(Path file) throws IOException;

  /** As {@link #open}, for reading only: for tools that look at other people's files. */
  DiskFile openForReading(Path file) throws IOException;

  /**
   * As {@link #openForReading}, for whoever reads much that nobody else wants: where the system
   * can, what is read is what the disk has, and takes nobody's place in memory. Only to be read.
   */
  default DiskFile openPastCache(Path file) throws IOException {
    return openForReading(file);
  }

  /** Does not fail because the path is absent or one of its parents is. */
  FileKind kind(Path path) throws IOException;

  /** What is in a directory, sorted by name; entries that vanish meanwhile are left out. */
  List<DirectoryEntry> list(Path directory) throws IOException;

  /** Its parent must exist; it itself must not. */
  void createDirectory(Path directory) throws IOException;

  /** Makes a directory and the parents that are missing; does nothing when it is there. */
  default void createDirectories(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (kind(directory) == FileKind.ABSENT) {
      if (parent != null) {
        createDirectories(parent);
      }
      createDirectory(directory);
    }
  }

  /** A file, or a directory that is empty. Open handles stay usable. */
  void delete(Path path) throws IOException;

  /** In one step: a file that stands at {@code to} is replaced, and is never absent meanwhile. */
  void rename(Path from, Path to) throws IOException;

  /**
   * Makes the directory's names durable.
   *
   * @throws ForceFailedException never try again, stop using the directory
   */
  void syncDirectory(Path directory) throws IOException;

  /**
   * Claims a file, making it if needed; empty when another process, or this one, holds it. The file
   * must not be opened in any other way: closing any handle of it in this process would end the
   * claim.
   */
  Optional<DiskLock> tryLock(Path file) throws IOException;

  /** What this process could still write where the path stands. */
  long usableBytes(Path path) throws IOException;

  /**
   * Changes whenever the machine starts, and only then: while it is the same, the page cache has
   * survived. Empty where the system does not tell; then nothing may be concluded.
   */
  Optional<String> bootId() throws IOException;
}
