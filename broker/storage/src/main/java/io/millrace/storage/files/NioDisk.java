package io.millrace.storage.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The real disk, through {@link FileChannel}. */
public final class NioDisk implements Disk {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /**
   * What this process has locked. The operating system's locks belong to the process and end when
   * any handle of the file is closed, so a second attempt must be refused before it opens the file.
   */
  private static final Set<Path> LOCKED_HERE = new HashSet<>();

  @Override
  public DiskFile create(Path file) throws IOException {
    return NioDiskFile.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return NioDiskFile.open(file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile openForReading(Path file) throws IOException {
    return NioDiskFile.open(file, Set.of(StandardOpenOption.READ));
  }

  @Override
  public DiskFile openPastCache(Path file) throws IOException {
    return DirectFile.open(file, openForReading(file));
  }

  @Override
  public FileKind kind(Path path) throws IOException {
    BasicFileAttributes attributes = attributes(path);
    return attributes == null ? FileKind.ABSENT : kind(attributes);
  }

  @Override
  public List<DirectoryEntry> list(Path directory) throws IOException {
    List<DirectoryEntry> entries = new ArrayList<>();
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
      for (Path path : paths) {
        BasicFileAttributes attributes = attributes(path);
        if (attributes != null) {
          FileKind kind = kind(attributes);
          entries.add(
              new DirectoryEntry(
                  String.valueOf(path.getFileName()),
                  kind,
                  kind == FileKind.FILE ? attributes.size() : 0));
        }
      }
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
    entries.sort(Comparator.comparing(DirectoryEntry::name));
    return entries;
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    Files.createDirectory(directory, permissions(directory, "rwx------"));
  }

  @Override
  public void delete(Path path) throws IOException {
    Files.delete(path);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    // An interrupt would hide the outcome; see NioDiskFile.force.
    boolean interrupted = Thread.interrupted();
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      force(directory, channel);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void force(Path directory, FileChannel channel) throws ForceFailedException {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw new ForceFailedException(
          "forcing the names in " + directory + " to disk failed: " + e.getMessage(), e);
    }
  }

  @Override
  public Optional<DiskLock> tryLock(Path file) throws IOException {
    Path identity = file.toAbsolutePath().normalize();
    synchronized (LOCKED_HERE) {
      if (!LOCKED_HERE.add(identity)) {
        return Optional.empty();
      }
    }
    FileChannel channel = null;
    boolean held = false;
    try {
      channel =
          FileChannel.open(
              file,
              Set.<OpenOption>of(
                  StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
              permissions(file, "rw-------"));
      FileLock lock = channel.tryLock();
      held = lock != null;
      if (!held) {
        return Optional.empty();
      }
      // For whoever is refused and wonders who it is.
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
      return Optional.of(new HeldLock(identity, channel));
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    } finally {
      if (!held) {
        if (channel != null) {
          channel.close();
        }
        forget(identity);
      }
    }
  }

  private static void forget(Path identity) {
    synchronized (LOCKED_HERE) {
      LOCKED_HERE.remove(identity);
    }
  }

  @Override
  public long usableBytes(Path path) throws IOException {
    return Files.getFileStore(path).getUsableSpace();
  }

  @Override
  public Optional<String> bootId() throws IOException {
    try {
      String id = Files.readString(BOOT_ID, StandardCharsets.US_ASCII).strip();
      return id.isEmpty() ? Optional.empty() : Optional.of(id);
    } catch (NoSuchFileException e) {
      return Optional.empty(); // not Linux
    }
  }

  private static @org.jspecify.annotations.Nullable BasicFileAttributes attributes(Path path)
      throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static FileKind kind(BasicFileAttributes attributes) {
    if (attributes.isRegularFile()) {
      return FileKind.FILE;
    }
    return attributes.isDirectory() ? FileKind.DIRECTORY : FileKind.OTHER;
  }

  /** Nothing where the file system knows no such permissions. */
  static FileAttribute<?>[] permissions(Path path, String mode) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))
        }
        : new FileAttribute<?>[0];
  }

  private record HeldLock(Path identity, FileChannel channel) implements DiskLock {
    @Override
    public void release() {
      synchronized (LOCKED_HERE) {
        if (!channel.isOpen()) {
          return;
        }
        try {
          channel.close();
        } catch (IOException e) {
          throw new java.io.UncheckedIOException("cannot release " + identity, e);
        } finally {
          LOCKED_HERE.remove(identity);
        }
      }
    }
  }
}
