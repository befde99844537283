package io.millrace.storage.files;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The files seam's twin: a disk in memory that behaves as badly as a disk may.
 *
 * <p>{@link #losePower} takes what was not forced, page by page, and names that were not synced;
 * {@link #killProcess} takes nothing but the open handles. {@link #setFaults} makes calls fail or
 * wait, {@link #crashAt} ends the process in the middle of one, {@link #failForce} loses the pages
 * of a force and lets the next succeed. Everything random comes from the seed. Any thread.
 */
public final class MemoryDisk implements Disk {
  private static final double DEFAULT_LOSS_CHANCE = 0.8;

  private final RandomGenerator random;
  private MemoryNames names;
  private Set<Path> locks = new HashSet<>();
  private DiskFaults faults = DiskFaults.NONE;
  private long capacityBytes = Long.MAX_VALUE;
  private int life;
  private int boots = 1;
  private long steps;
  private long crashAtStep = Long.MAX_VALUE;
  private @Nullable Predicate<Path> failingForce;

  /**
   * @param root exists from the start, with its parents
   */
  public MemoryDisk(long seed, Path root) {
    this(new SplittableRandom(seed), new MemoryNames());
    names.addRoot(root);
  }

  private MemoryDisk(RandomGenerator random, MemoryNames names) {
    this.random = random;
    this.names = names;
  }

  // --- What a test does to the disk.

  public synchronized void setFaults(DiskFaults faults) {
    this.faults = faults;
  }

  /** Files together cannot grow beyond this. */
  public synchronized void limitBytes(long bytes) {
    capacityBytes = bytes;
  }

  /** The next force of that file, or sync of that directory, fails; later ones succeed. */
  public void failForce(Path path) {
    failForce(path::equals);
  }

  /** As above, for whichever of them comes first. */
  public synchronized void failForce(Predicate<Path> paths) {
    failingForce = paths;
  }

  /** What a failed force has left in the page cache only is not there either from now on. */
  public synchronized void evictFailed() {
    names.files().forEach(MemoryInode::evictFailed);
  }

  /** How many calls so far have changed something. */
  public synchronized long steps() {
    return steps;
  }

  /**
   * The process ends when it makes the change of that number, as {@link #steps} counts; a write is
   * half done then. Until {@link #killProcess} or {@link #losePower} no call works any more.
   */
  public synchronized void crashAt(long step) {
    crashAtStep = step;
  }

  /** The process ends; what it wrote is in the page cache. Handles and locks are gone. */
  public synchronized void killProcess() {
    life++;
    crashAtStep = Long.MAX_VALUE;
    locks = new HashSet<>();
    faults = DiskFaults.NONE;
  }

  /** The machine loses power, and starts again. */
  public void losePower() {
    losePower(DEFAULT_LOSS_CHANCE);
  }

  /**
   * As above.
   *
   * @param lossChance of everything that was not forced; at 1 all of it is gone
   */
  public synchronized void losePower(double lossChance) {
    killProcess();
    boots++;
    names.losePower(random, lossChance);
  }

  /** Damages a byte where it lies. */
  public synchronized void flipBit(Path file, int position, int bit) throws IOException {
    inode(file).flipBit(position, bit);
  }

  public synchronized byte[] contents(Path file) throws IOException {
    return inode(file).contents();
  }

  /** The files in a directory by name, as they are; none where there is no such directory. */
  public synchronized NavigableMap<String, byte[]> contentsIn(Path directory) {
    NavigableMap<String, byte[]> contents = new TreeMap<>();
    names
        .below(directory)
        .forEach(
            (path, inode) -> {
              if (inode != null) {
                contents.put(String.valueOf(path.getFileName()), inode.contents());
              }
            });
    return contents;
  }

  /** Puts bytes into a file, made if need be, durably: what somebody did from outside. */
  public synchronized void put(Path file, byte[] bytes) {
    MemoryInode inode = new MemoryInode();
    inode.write(0, bytes, bytes.length);
    inode.force();
    names.create(file, inode);
    names.sync(parent(file));
  }

  /** Another disk of the same content; also of what is not forced. */
  public synchronized MemoryDisk copy(long seed) {
    MemoryDisk copy = new MemoryDisk(new SplittableRandom(seed), names.copy());
    copy.boots = boots;
    return copy;
  }

  /** This disk becomes what the other is: an old image returns. */
  public synchronized void restore(MemoryDisk image) {
    killProcess();
    names = image.copy(0).names;
  }

  // --- The seam.

  @Override
  public synchronized DiskFile create(Path file) throws IOException {
    before(DiskOperation.CREATE, file);
    mustBeDirectory(parent(file));
    if (names.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    MemoryInode inode = new MemoryInode();
    names.create(file, inode);
    return new MemoryFile(this, file, inode, life, true);
  }

  @Override
  public synchronized DiskFile open(Path file) throws IOException {
    before(DiskOperation.OPEN, file);
    return new MemoryFile(this, file, inode(file), life, true);
  }

  @Override
  public synchronized DiskFile openForReading(Path file) throws IOException {
    before(DiskOperation.OPEN, file);
    return new MemoryFile(this, file, inode(file), life, false);
  }

  private MemoryInode inode(Path file) throws IOException {
    if (!names.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    MemoryInode inode = names.file(file);
    if (inode == null) {
      throw new IOException(file + " is a directory");
    }
    return inode;
  }

  @Override
  public synchronized FileKind kind(Path path) {
    if (!names.exists(path)) {
      return FileKind.ABSENT;
    }
    return names.isDirectory(path) ? FileKind.DIRECTORY : FileKind.FILE;
  }

  @Override
  public synchronized List<DirectoryEntry> list(Path directory) throws IOException {
    before(DiskOperation.LIST, directory);
    mustBeDirectory(directory);
    List<DirectoryEntry> entries = new ArrayList<>();
    names
        .below(directory)
        .forEach(
            (path, inode) ->
                entries.add(
                    new DirectoryEntry(
                        String.valueOf(path.getFileName()),
                        inode == null ? FileKind.DIRECTORY : FileKind.FILE,
                        inode == null ? 0 : inode.size())));
    return entries;
  }

  private void mustBeDirectory(Path directory) throws IOException {
    if (!names.exists(directory)) {
      throw new NoSuchFileException(directory.toString());
    }
    if (!names.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(path + " stands in no directory");
    }
    return parent;
  }

  @Override
  public synchronized void createDirectory(Path directory) throws IOException {
    before(DiskOperation.CREATE_DIRECTORY, directory);
    mustBeDirectory(parent(directory));
    if (names.exists(directory)) {
      throw new FileAlreadyExistsException(directory.toString());
    }
    names.create(directory, null);
  }

  @Override
  public synchronized void delete(Path path) throws IOException {
    before(DiskOperation.DELETE, path);
    if (!names.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (names.isDirectory(path) && !names.below(path).isEmpty()) {
      throw new DirectoryNotEmptyException(path.toString());
    }
    names.remove(path);
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    before(DiskOperation.RENAME, from);
    if (!names.exists(from)) {
      throw new NoSuchFileException(from.toString());
    }
    mustBeDirectory(parent(to));
    if (names.isDirectory(to) && !names.below(to).isEmpty()) {
      throw new DirectoryNotEmptyException(to.toString());
    }
    names.move(from, to);
  }

  @Override
  public synchronized void syncDirectory(Path directory) throws IOException {
    before(DiskOperation.SYNC_DIRECTORY, directory);
    mustBeDirectory(directory);
    failForceIfAsked(directory);
    names.sync(directory);
  }

  /** Whatever goes wrong with a force is a failed force, as on a real disk. */
  private void beforeForce(Path path) throws ForceFailedException {
    try {
      before(DiskOperation.FORCE, path);
    } catch (ForceFailedException e) {
      throw e;
    } catch (IOException e) {
      throw new ForceFailedException("forcing " + path + " to disk failed", e);
    }
  }

  private void failForceIfAsked(Path path) throws ForceFailedException {
    Predicate<Path> failing = failingForce;
    if (failing != null && failing.test(path)) {
      failingForce = null;
      throw new ForceFailedException(
          "forcing " + path + " to disk failed", new IOException("Input/output error"));
    }
  }

  @Override
  public synchronized Optional<DiskLock> tryLock(Path file) throws IOException {
    before(DiskOperation.OPEN, file);
    mustBeDirectory(parent(file));
    Set<Path> held = locks;
    if (!held.add(file)) {
      return Optional.empty();
    }
    if (!names.exists(file)) {
      names.create(file, new MemoryInode());
    }
    return Optional.of(
        () -> {
          synchronized (this) {
            held.remove(file);
          }
        });
  }

  @Override
  public synchronized long usableBytes(Path path) {
    return capacityBytes - names.usedBytes();
  }

  @Override
  public synchronized Optional<String> bootId() {
    return Optional.of("boot-" + boots);
  }

  // --- For the handles.

  void before(DiskOperation operation, Path path) throws IOException {
    if (steps >= crashAtStep) {
      throw new SimulatedCrash();
    }
    faults.before(operation, path);
    if (operation.changes()) {
      steps++;
      if (steps >= crashAtStep && operation != DiskOperation.WRITE) {
        throw new SimulatedCrash();
      }
    }
  }

  synchronized void write(MemoryFile file, MemoryInode inode, long position, byte[] bytes)
      throws IOException {
    file.mustBeUsable(life);
    before(DiskOperation.WRITE, file.path());
    int length = bytes.length;
    if (capacityBytes != Long.MAX_VALUE) {
      long room = capacityBytes - names.usedBytes() + Math.max(0, inode.size() - position);
      length = (int) Math.min(length, Math.max(0, room));
    }
    if (steps >= crashAtStep) {
      inode.write((int) position, bytes, random.nextInt(length + 1));
      throw new SimulatedCrash();
    }
    inode.write((int) position, bytes, length);
    if (length < bytes.length) {
      throw new DiskFullException("no space left for " + file.path());
    }
  }

  synchronized int read(MemoryFile file, MemoryInode inode, long position, byte[] into)
      throws IOException {
    file.mustBeUsable(life);
    before(DiskOperation.READ, file.path());
    int length = (int) Math.max(0, Math.min(into.length, inode.size() - position));
    if (length > 0) {
      inode.read((int) position, into, 0, length);
    }
    return length;
  }

  synchronized long size(MemoryFile file, MemoryInode inode) throws IOException {
    file.mustBeUsable(life);
    before(DiskOperation.READ, file.path());
    return inode.size();
  }

  synchronized void truncate(MemoryFile file, MemoryInode inode, long size) throws IOException {
    file.mustBeUsable(life);
    before(DiskOperation.TRUNCATE, file.path());
    if (size < inode.size()) {
      inode.truncate((int) size);
    }
  }

  synchronized void force(MemoryFile file, MemoryInode inode) throws IOException {
    file.mustBeUsable(life);
    try {
      beforeForce(file.path());
      failForceIfAsked(file.path());
    } catch (ForceFailedException e) {
      inode.failForce();
      throw e;
    }
    inode.force();
  }
}
