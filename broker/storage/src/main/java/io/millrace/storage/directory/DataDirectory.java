package io.millrace.storage.directory;

import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskLock;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's data directory, locked.
 *
 * <p>The order at a start: {@link #open} looks and claims, and changes nothing but the lock; {@link
 * #adopt}, once the cluster is known, checks or writes the identity and removes the clean mark;
 * {@link #recordRun}, once the broker has its incarnation and, after a doubtful start, has left its
 * in-sync sets. At a stop {@link #writeCleanMark} comes last, then {@link #close}.
 *
 * <p>Blocks on the disk; one thread at a time, but for {@link #distrust}.
 */
public final class DataDirectory implements AutoCloseable {
  /** What a directory may hold and still count as empty. */
  private static final Set<String> NOT_DATA =
      Set.of(DataPaths.LOCK, DataPaths.IDENTITY + DataPaths.UNFINISHED_SUFFIX, "lost+found");

  private static final Set<String> OURS =
      Set.of(
          DataPaths.LOCK,
          DataPaths.IDENTITY,
          DataPaths.RUN,
          DataPaths.CLEAN_SHUTDOWN,
          DataPaths.CHECKPOINT,
          DataPaths.DOUBTS,
          DataPaths.TRASH,
          "lost+found");

  private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);

  private final Disk disk;
  private final DataPaths paths;
  private final DiskLock lock;
  private final Trash trash;
  private final int brokerId;
  private final String directoryId;
  private final String bootId;
  private final StartState startState;

  /** Of the last run; empty when nothing tells, or its disk failed. */
  private final String lastBootId;

  private final Map<PartitionName, LogEnd> cleanEnds;
  private final Map<PartitionName, CheckpointEntry> checkpoint;
  private final Doubts doubts;

  private @Nullable Identity identity;

  /** The checkpoint on disk calls logs whole that cannot be believed to be. */
  private boolean forgetsBoots;

  /** Guarded by this, with the file that it is about. */
  private boolean isDistrusted;

  private DataDirectory(
      Disk disk,
      DataPaths paths,
      DiskLock lock,
      int brokerId,
      @Nullable Identity identity,
      RandomGenerator random)
      throws IOException {
    this.disk = disk;
    this.paths = paths;
    this.lock = lock;
    this.trash = new Trash(disk, paths);
    this.brokerId = brokerId;
    this.identity = identity;
    this.directoryId = identity != null ? identity.directoryId() : drawId(random);
    this.bootId = disk.bootId().orElse("");
    RunRecord lastRun = RunRecord.read(disk, paths.run());
    CleanMark mark = CleanMark.read(disk, paths.cleanShutdown());
    String unclean = uncleanBecause(mark, lastRun);
    this.cleanEnds = unclean == null && mark != null ? new HashMap<>(mark.ends()) : new HashMap<>();
    this.checkpoint = new HashMap<>(Checkpoint.read(disk, paths.checkpoint()));
    this.doubts = Doubts.read(disk, paths.doubts(), partitions());
    this.lastBootId = lastRun == null ? "" : lastRun.bootId();
    if (lastBootId.isEmpty()) {
      forgetsBoots = !checkpoint.isEmpty();
      checkpoint.replaceAll((name, entry) -> entry.ofNoBoot());
    }
    if (unclean == null && mark != null) {
      this.startState = new StartState.Clean(mark.incarnation());
    } else if (lastRun != null && !bootId.isEmpty() && lastRun.bootId().equals(bootId)) {
      this.startState = new StartState.ProcessCrash(lastRun.incarnation());
    } else {
      this.startState =
          new StartState.Doubtful(
              doubtfulBecause(unclean, lastRun),
              lastRun == null || lastRun.equals(RunRecord.DISK_FAILED)
                  ? OptionalInt.empty()
                  : OptionalInt.of(lastRun.incarnation()));
    }
  }

  /** What comes of trying to open a directory. */
  public sealed interface Opening {
    record Opened(DataDirectory directory) implements Opening {}

    /**
     * @param why for the person who started the broker: what is wrong, and what to do
     */
    record Refused(String why) implements Opening {}
  }

  /**
   * Locks a directory and reads what the last run left; makes it when only it is missing.
   *
   * @param random for the id of a new directory
   */
  public static Opening open(Disk disk, Path root, int brokerId, RandomGenerator random) {
    DataPaths paths = new DataPaths(root.toAbsolutePath().normalize());
    DiskLock lock = null;
    boolean opened = false;
    try {
      String unusable = makeUsable(disk, paths);
      if (unusable != null) {
        return new Opening.Refused(unusable);
      }
      lock = disk.tryLock(paths.lock()).orElse(null);
      if (lock == null) {
        return new Opening.Refused(
            "the data directory "
                + paths.root()
                + " is in use by another broker (its process id is in "
                + paths.lock()
                + "): stop that one, or choose another directory");
      }
      Identity.Found found = Identity.read(disk, paths.identity());
      String foreign = foreignBecause(disk, paths, found, brokerId);
      if (foreign != null) {
        return new Opening.Refused(foreign);
      }
      Identity identity = found instanceof Identity.Found.Present p ? p.identity() : null;
      DataDirectory directory = new DataDirectory(disk, paths, lock, brokerId, identity, random);
      opened = true;
      return new Opening.Opened(directory);
    } catch (IOException e) {
      return new Opening.Refused(
          "the data directory " + paths.root() + " cannot be used: " + reason(e));
    } finally {
      if (lock != null && !opened) {
        lock.release();
      }
    }
  }

  private static @Nullable String makeUsable(Disk disk, DataPaths paths) throws IOException {
    Path root = paths.root();
    return switch (disk.kind(root)) {
      case DIRECTORY -> null;
      case FILE -> root + " is a file, not a data directory";
      case OTHER ->
          root + " is a link or a device, not a data directory: name the directory itself";
      case ABSENT -> make(disk, root);
    };
  }

  private static @Nullable String make(Disk disk, Path root) throws IOException {
    Path parent = DataPaths.directoryOf(root);
    if (disk.kind(parent) != FileKind.DIRECTORY) {
      return "the data directory "
          + root
          + " does not exist, nor does "
          + parent
          + " in which to make it: create it, or check that its disk is mounted";
    }
    disk.createDirectory(root);
    disk.syncDirectory(parent);
    return null;
  }

  private static @Nullable String foreignBecause(
      Disk disk, DataPaths paths, Identity.Found found, int brokerId) throws IOException {
    if (found instanceof Identity.Found.Damaged damaged) {
      return damaged.why() + ": restore it; it says whose data this is";
    }
    if (found instanceof Identity.Found.Present present) {
      int owner = present.identity().brokerId();
      return owner == brokerId
          ? null
          : paths.root() + " belongs to broker " + owner + ", this is broker " + brokerId;
    }
    for (DirectoryEntry entry : disk.list(paths.root())) {
      if (!NOT_DATA.contains(entry.name())) {
        return paths.root()
            + " is not empty but has no "
            + DataPaths.IDENTITY
            + ": restore that file, or choose an empty directory";
      }
    }
    return null;
  }

  private @Nullable String uncleanBecause(@Nullable CleanMark mark, @Nullable RunRecord lastRun)
      throws IOException {
    if (mark == null) {
      return "the last run did not stop cleanly";
    }
    if (lastRun == null || lastRun.incarnation() != mark.incarnation()) {
      return "the clean mark is not of the last run";
    }
    return mark.difference(disk, paths);
  }

  private String doubtfulBecause(@Nullable String unclean, @Nullable RunRecord lastRun) {
    if (identity == null) {
      return "the directory is new";
    }
    String since = "the machine has restarted since";
    if (lastRun == null) {
      since = "nothing tells of the last run";
    } else if (lastRun.equals(RunRecord.DISK_FAILED)) {
      since = "its disk failed to keep what was written";
    }
    return (unclean == null ? "" : unclean + ", and ") + since;
  }

  private static String drawId(RandomGenerator random) {
    StringBuilder id = new StringBuilder(22);
    for (int i = 0; i < 22; i++) {
      id.append("abcdefghijklmnopqrstuvwxyz234567".charAt(random.nextInt(32)));
    }
    return id.toString();
  }

  private static String reason(IOException e) {
    return e instanceof FileSystemException
        ? e.getClass().getSimpleName() + " " + e.getMessage()
        : String.valueOf(e.getMessage());
  }

  public Disk disk() {
    return disk;
  }

  public DataPaths paths() {
    return paths;
  }

  /** Known before the directory belongs to a cluster. */
  public String directoryId() {
    return directoryId;
  }

  /** Empty until a new directory has been adopted. */
  public Optional<Identity> identity() {
    return Optional.ofNullable(identity);
  }

  /** Of the machine now; empty where it does not tell. */
  public String bootId() {
    return bootId;
  }

  /** A short form of {@link #bootId} for every line of the checkpoint. */
  public String bootTag() {
    if (bootId.isEmpty()) {
      return CheckpointEntry.NO_BOOT;
    }
    CRC32C crc = new CRC32C();
    crc.update(bootId.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }

  /**
   * How the bytes of a log that was not closed are to be looked at. When the last run was recorded,
   * in this boot, it had opened all it could, or it made the log since: whole is what that run
   * remembered as open, and what it had nothing to say of, as when the checkpoint is lost. What has
   * a line of an earlier boot it may never have opened.
   */
  public PageCache pageCacheOf(PartitionName partition) {
    if (bootId.isEmpty() || lastBootId.isEmpty()) {
      return PageCache.DOUBTED;
    }
    CheckpointEntry remembered = checkpoint.get(partition);
    if (remembered != null && remembered.bootTag().equals(bootTag())) {
      return PageCache.WHOLE;
    }
    if (!lastBootId.equals(bootId)) {
      return PageCache.FRESH;
    }
    return remembered == null ? PageCache.WHOLE : PageCache.DOUBTED;
  }

  /**
   * Whether an earlier life in this boot of the machine has had the log open, and no disk of its
   * has failed since: then what its checkpoint calls forced was, and what is below it needs no
   * force again.
   */
  public boolean wasOpenInThisBoot(PartitionName partition) {
    return checkpoint.containsKey(partition) && pageCacheOf(partition) == PageCache.WHOLE;
  }

  /** Which replicas here are in doubt, from this start on and from earlier ones. */
  public Doubts doubts() {
    return doubts;
  }

  public StartState startState() {
    return startState;
  }

  /**
   * Binds the directory to the cluster, or finds that it is bound to another; then removes the
   * clean mark, durably: from now on this run may change things.
   *
   * @return empty when all is well, else why the broker must not start
   */
  public Optional<String> adopt(String clusterId) throws IOException {
    if (identity == null) {
      syncParent();
      identity = new Identity(clusterId, directoryId, brokerId);
      identity.write(disk, paths.identity());
    } else if (!identity.clusterId().equals(clusterId)) {
      return Optional.of(
          paths.root()
              + " holds data of cluster "
              + identity.clusterId()
              + ", this is cluster "
              + clusterId
              + ": check the cluster's address and the data directory");
    }
    if (disk.kind(paths.cleanShutdown()) != FileKind.ABSENT) {
      disk.delete(paths.cleanShutdown());
    }
    // In any case: a process may have died between making a name and syncing it, and what is seen
    // here would be taken for durable from now on.
    try {
      disk.syncDirectory(paths.root());
    } catch (ForceFailedException e) {
      distrust();
      throw e;
    }
    return Optional.empty();
  }

  private void syncParent() throws IOException {
    try {
      disk.syncDirectory(DataPaths.directoryOf(paths.root()));
    } catch (AccessDeniedException e) {
      LOG.debug("not ours to sync, so the directory was made by somebody else", e);
    }
  }

  /**
   * Remembers this life, durably. After a doubtful start only once every in-sync set has been left:
   * a process crash from here on will be believed to have kept all that was written.
   */
  public synchronized void recordRun(int incarnation) throws IOException {
    if (isDistrusted) {
      throw new IOException("the disk under " + paths.root() + " has failed in this run");
    }
    try {
      if (forgetsBoots) {
        Checkpoint.write(disk, paths.checkpoint(), checkpoint);
        forgetsBoots = false;
      }
      new RunRecord(bootId, incarnation).write(disk, paths.run());
    } catch (ForceFailedException e) {
      distrust();
      throw e;
    }
  }

  /**
   * A force has failed: the next start must not believe the page cache, also while the machine runs
   * on. Any thread; before anything else is done about the failure, since the process may be killed
   * at any time.
   *
   * <p>What is written here need not reach the disk: after a restart of the machine the start is in
   * doubt anyway. Where nothing can be written, the file is deleted, which takes no space and no
   * data; where that fails too, the directory is read-only, and a broker cannot start on it.
   */
  public synchronized void distrust() {
    isDistrusted = true;
    try {
      RunRecord.DISK_FAILED.write(disk, paths.run());
      return;
    } catch (IOException e) {
      LOG.warn("{} could not be replaced and is deleted instead: {}", paths.run(), e.getMessage());
    }
    try {
      if (disk.kind(paths.run()) != FileKind.ABSENT) {
        disk.delete(paths.run());
      }
    } catch (IOException e) {
      LOG.error(
          "{} could not be deleted. Delete it by hand before a broker is started on this directory"
              + " again: what it says of the last run is not true",
          paths.run(),
          e);
    }
  }

  /**
   * How this partition's log ended, if the last run stopped cleanly. Once: it says nothing of a log
   * that has been open since.
   */
  public Optional<LogEnd> takeCleanEnd(PartitionName partition) {
    return Optional.ofNullable(cleanEnds.remove(partition));
  }

  /** As of the last checkpoint of the last run. */
  public CheckpointEntry lastCheckpoint(PartitionName partition) {
    return checkpoint.getOrDefault(partition, CheckpointEntry.NOTHING);
  }

  /**
   * Replaces the checkpoint; what was remembered of other partitions stays until {@link
   * #moveToTrash}.
   */
  public void writeCheckpoint(Map<PartitionName, CheckpointEntry> entries) throws IOException {
    checkpoint.putAll(entries);
    Checkpoint.write(disk, paths.checkpoint(), checkpoint);
  }

  /** Last at a stop: every log has been forced and closed, and nothing is written any more. */
  public void writeCleanMark(int incarnation, Map<PartitionName, LogEnd> ends) throws IOException {
    new CleanMark(incarnation, ends).write(disk, paths.cleanShutdown());
  }

  /** What has a partition's directory here, whether or not anybody knows of it. */
  public List<PartitionName> partitions() throws IOException {
    List<PartitionName> names = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(paths.root())) {
      if (entry.isDirectory()) {
        PartitionName.parse(entry.name()).ifPresent(names::add);
      }
    }
    return names;
  }

  /** Names in the directory that nothing here made; they are left alone, and worth a warning. */
  public List<String> strangers() throws IOException {
    List<String> names = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(paths.root())) {
      boolean ours =
          OURS.contains(entry.name())
              || (entry.isDirectory() && PartitionName.parse(entry.name()).isPresent())
              || isUnfinished(entry);
      if (!ours) {
        names.add(entry.name());
      }
    }
    return names;
  }

  private static boolean isUnfinished(DirectoryEntry entry) {
    String suffix = DataPaths.UNFINISHED_SUFFIX;
    String name = entry.name();
    return entry.isFile()
        && name.endsWith(suffix)
        && OURS.contains(name.substring(0, name.length() - suffix.length()));
  }

  /** Makes a partition's directory; durable after {@link #syncPartitions}. It must not exist. */
  public Path createPartition(PartitionName partition) throws IOException {
    Path directory = paths.partition(partition);
    disk.createDirectory(directory);
    return directory;
  }

  /** Makes durable which partitions there are: one sync for any number of new ones. */
  public void syncPartitions() throws IOException {
    disk.syncDirectory(paths.root());
  }

  /**
   * Forgets a partition and puts its directory aside, durably; {@link #emptyTrash} deletes it
   * later.
   */
  public void moveToTrash(PartitionName partition, long wallMillis) throws IOException {
    // First: a directory that is missing though the checkpoint knows it would be an accident.
    if (checkpoint.remove(partition) != null) {
      Checkpoint.write(disk, paths.checkpoint(), checkpoint);
    }
    trash.take(partition, wallMillis);
    doubts.settle(List.of(partition));
  }

  /**
   * Puts a damaged partition's directory aside, if there is one, durably, as {@link #moveToTrash}
   * does. What is remembered of it from now on is the highest epoch seen.
   *
   * @param epochSeen in this life; a checkpoint may have said so, or not yet
   */
  public void setAside(PartitionName partition, long wallMillis, int epochSeen) throws IOException {
    int highest = Math.max(epochSeen, lastCheckpoint(partition).highestEpoch());
    checkpoint.put(partition, new CheckpointEntry(0, 0, highest, CheckpointEntry.NO_BOOT));
    Checkpoint.write(disk, paths.checkpoint(), checkpoint);
    if (disk.kind(paths.partition(partition)) != FileKind.ABSENT) {
      trash.take(partition, wallMillis);
    }
  }

  /**
   * Deletes what was put into the trash up to a time.
   *
   * @return how many partitions' directories
   */
  public int emptyTrash(long untilWallMillis) throws IOException {
    return trash.empty(untilWallMillis);
  }

  /** Gives the lock back. */
  @Override
  public void close() {
    lock.release();
  }
}
