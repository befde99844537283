package io.millrace.storage.log;

import io.millrace.rpc.SafetyRule;
import io.millrace.storage.directory.CheckpointEntry;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.LogEnd;
import io.millrace.storage.directory.PageCache;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.DiskFullException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what a log holds, and makes it whole. Blocks on the disk; any thread, one log at a time
 * each.
 *
 * <p>After a clean stop nothing is read but names and sizes. Otherwise every batch from the
 * recovery point on is read and its checksum compared. What is wrong at the end is what a crash
 * leaves, and is cut; what is wrong before the recovery point was on disk once, so that no crash
 * explains it, and the log is refused as it stands.
 */
final class LogRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);

  /** Of the walk that recovery wants: it reads nearly every byte. */
  static final int WINDOW_BYTES = 1 << 20;

  private static final int REWRITE_BYTES = 1 << 16;

  private final Disk disk;
  private final Path directory;
  private final int indexIntervalBytes;
  private final PageCache pageCache;
  private final BatchWalk walk;
  private final BeforeCut beforeCut;

  private long readBytes;
  private long cutBytes;
  private long cutWholeBatches;
  private boolean changedEpochs;
  private boolean isInDoubt;
  private boolean mayStand;

  /** Hears that what was forced may be among what is cut, and remembers it durably. */
  interface BeforeCut {
    void remember() throws IOException;
  }

  /**
   * @param pageCache if it is whole, a hole before the last write is damage, and not the crash
   */
  LogRecovery(
      Disk disk,
      Path directory,
      int indexIntervalBytes,
      PageCache pageCache,
      BatchWalk walk,
      BeforeCut beforeCut) {
    this.disk = disk;
    this.directory = directory;
    this.indexIntervalBytes = indexIntervalBytes;
    this.pageCache = pageCache;
    this.walk = walk;
    this.beforeCut = beforeCut;
  }

  /**
   * A log ready to be used: all of it is on disk, but for the name of a new one.
   *
   * @param isNew whether its file may be gone after a power loss, and is to be synced before it is
   *     used. Not where a clean stop or a checkpoint knew the log: both come after that
   */
  record Recovered(
      List<Segment> segments,
      EpochHistory epochs,
      long endOffset,
      RecoveryReport report,
      boolean isNew) {}

  /**
   * Opens a log.
   *
   * @param wasForced the checkpoint is of this boot of the machine, and nothing has been tried with
   *     the log since: where it ends at the recovery point it is taken as it stands. Not one that
   *     failed in use or whose opening failed: that its disk works is to be seen first
   * @throws CorruptLogException the log is damaged; nothing has been changed but what a crash
   *     explains
   */
  Recovered open(@Nullable LogEnd cleanEnd, CheckpointEntry checkpoint, boolean wasForced)
      throws IOException {
    LogListing all = LogListing.of(disk, directory);
    EpochHistory epochs = EpochHistory.read(disk, directory);
    long start = epochs == null ? 0 : epochs.start();
    LogListing listing = all.from(start);
    if (cleanEnd != null && epochs != null && listing.matches(cleanEnd, epochs)) {
      remove(all.before(listing));
      return clean(listing, cleanEnd, epochs);
    }
    // A start is written only once all below it has been forced.
    long recoveryPoint = Math.max(checkpoint.recoveryPoint(), start);
    if (listing.files().isEmpty()) {
      return empty(recoveryPoint, epochs);
    }
    boolean startIsKnown = epochs != null && (!epochs.isEmpty() || start > 0);
    if (startIsKnown && listing.firstOffset() > start) {
      throw new CorruptLogException(
          directory
              + " begins with offset "
              + listing.firstOffset()
              + ", though the log begins at "
              + start
              + ": restore the segment files before it");
    }
    if (epochs == null || (epochs.isEmpty() && listing.sizeBytes() > 0)) {
      // The batches tell the epochs: all of them are read. Where the list was lost, its start was
      // too; where it is empty, the log was started over, and has not been flushed since.
      epochs = epochs == null ? new EpochHistory() : epochs;
      changedEpochs = true;
      recoveryPoint = 0;
    }
    boolean isBounded = epochs.recoverFrom() != Long.MAX_VALUE;
    // What is to be removed must not be needed after a power loss, so a force comes before that.
    boolean removes = listing.files().size() < all.files().size();
    mayStand = wasForced && pageCache == PageCache.WHOLE && !isBounded && !removes;
    Recovered recovered = recover(listing, epochs, Math.min(recoveryPoint, epochs.recoverFrom()));
    if (recovered.endOffset() < epochs.start() && !awaitsItsFirstBatch(recovered)) {
      recovered = withoutStart(all, epochs, checkpoint.recoveryPoint());
    } else {
      remove(all.before(listing));
    }
    // Its last replacement may be on no disk either.
    changedEpochs |= pageCache == PageCache.DOUBTED;
    keepBound(recovered, checkpoint.recoveryPoint());
    return recovered;
  }

  /** It was started over, and begins within a batch that has not come yet. */
  private static boolean awaitsItsFirstBatch(Recovered recovered) {
    return recovered.endOffset() == recovered.segments().get(0).baseOffset()
        && recovered.epochs().recoverFrom() <= recovered.endOffset();
  }

  /** A start behind the log's end is not believed: everything that is there belongs to the log. */
  private Recovered withoutStart(LogListing all, EpochHistory epochs, long recoveryPoint)
      throws IOException {
    LOG.error(
        "{} was trimmed to offset {}, but ends before it: records that were on disk are missing,"
            + " and what was trimmed and is still there can be read again",
        directory,
        epochs.start());
    epochs.setStart(0);
    changedEpochs = true;
    return recover(all, epochs, Math.min(recoveryPoint, epochs.recoverFrom()));
  }

  /** Segments before the log's start that a crash has left; the first first, so no hole comes. */
  private void remove(List<LogListing.LogFile> before) throws IOException {
    for (LogListing.LogFile file : before) {
      if (file.hasIndex()) {
        disk.delete(DataPaths.index(directory, file.baseOffset()));
      }
      disk.delete(DataPaths.log(directory, file.baseOffset()));
    }
  }

  /**
   * While the checkpoint on disk, or the start, promises more than there is, the leader epochs say
   * so: the log will grow past it again before the next checkpoint.
   */
  private void keepBound(Recovered recovered, long checkpointed) throws IOException {
    EpochHistory epochs = recovered.epochs();
    long promised = Math.max(checkpointed, epochs.start());
    long bound = recovered.endOffset() < promised ? recovered.endOffset() : Long.MAX_VALUE;
    if (bound != epochs.recoverFrom() || changedEpochs) {
      epochs.setRecoverFrom(bound);
      EpochHistory.write(disk, directory, epochs.lines());
    }
  }

  private Recovered clean(LogListing listing, LogEnd end, EpochHistory epochs) {
    epochs.setRecoverFrom(Long.MAX_VALUE); // the checkpoint was written at the same stop
    List<Segment> segments = new ArrayList<>();
    List<LogListing.LogFile> files = listing.files();
    for (int i = 0; i < files.size(); i++) {
      boolean last = i == files.size() - 1;
      long next = last ? end.endOffset() : files.get(i + 1).baseOffset();
      long unknown = Segment.NO_TIMESTAMP;
      long time = last ? end.maxTimestamp() : unknown;
      LogListing.LogFile file = files.get(i);
      segments.add(
          Segment.found(
              directory,
              new FoundSegment(file.baseOffset(), file.sizeBytes(), next, time, unknown),
              !last));
    }
    return new Recovered(segments, epochs, end.endOffset(), RecoveryReport.CLEAN, false);
  }

  private Recovered empty(long recoveryPoint, @Nullable EpochHistory known) throws IOException {
    if (recoveryPoint > 0) {
      throw new CorruptLogException(
          directory
              + " has no segment, though records up to offset "
              + recoveryPoint
              + " were on disk: restore its files, or delete the directory to start it anew");
    }
    EpochHistory epochs = known == null ? new EpochHistory() : known;
    epochs.cutBehind(0);
    // Whoever opens it syncs the name, with those of other new logs.
    disk.create(DataPaths.log(directory, 0)).close();
    Segment first = Segment.found(directory, new FoundSegment(0, 0, 0, -1, -1), false);
    first.completeIndex(new SparseIndex(SparseIndex.MAX_ENTRIES));
    return new Recovered(List.of(first), epochs, 0, RecoveryReport.CLEAN, epochs.isEmpty());
  }

  private Recovered recover(LogListing listing, EpochHistory epochs, long recoveryPoint)
      throws IOException {
    List<LogListing.LogFile> files = listing.files();
    int from = files.size() - 1;
    while (from > 0 && files.get(from).baseOffset() > recoveryPoint) {
      from--;
    }
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < from; i++) {
      segments.add(trusted(files.get(i), files.get(i + 1)));
    }
    List<SegmentScan> scans = new ArrayList<>();
    long end = files.get(from).baseOffset();
    int i = from;
    boolean cut = false;
    while (i < files.size() && !cut) {
      LogListing.LogFile file = files.get(i);
      if (file.baseOffset() != end) {
        if (file.baseOffset() < end || isWhole() || end < recoveryPoint) {
          throw notAdjoining(file, end);
        }
        break; // the tail of the segment before was lost as a whole
      }
      boolean last = i == files.size() - 1;
      SegmentScan scan = scan(file, epochs, recoveryPoint, last);
      end = scan.endOffset();
      cut = scan.sizeBytes() < file.sizeBytes();
      scans.add(scan);
      i++;
    }
    if (mayStand && end == recoveryPoint && scans.size() == 1 && !cut) {
      segments.add(asItStands(files.get(from), scans.get(0)));
      changedEpochs |= epochs.cutBehind(end);
      RecoveryReport report = new RecoveryReport(false, readBytes, 0, 0, true, false);
      return new Recovered(segments, epochs, end, report, false);
    }
    if (isInDoubt || end < recoveryPoint) {
      beforeCut.remember(); // the next recovery finds nothing wrong any more
    }
    for (int j = 0; j < scans.size(); j++) {
      segments.add(repaired(files.get(from + j), scans.get(j), j == scans.size() - 1));
    }
    drop(files.subList(i, files.size()));
    changedEpochs |= epochs.cutBehind(end);
    disk.syncDirectory(directory);
    RecoveryReport report =
        new RecoveryReport(false, readBytes, cutBytes, cutWholeBatches, false, end < recoveryPoint);
    return new Recovered(segments, epochs, end, report, end == 0 && epochs.isEmpty());
  }

  private boolean isWhole() {
    return pageCache == PageCache.WHOLE;
  }

  private CorruptLogException notAdjoining(LogListing.LogFile file, long end) {
    return new CorruptLogException(
        DataPaths.log(directory, file.baseOffset())
            + (file.baseOffset() < end ? " overlaps" : " leaves a hole behind")
            + " the segment before it, which ends at offset "
            + end);
  }

  /** A segment before the recovery point: its seal says how it ends, or its headers do. */
  private Segment trusted(LogListing.LogFile file, LogListing.LogFile next) throws IOException {
    IndexFile.Content content =
        IndexFile.load(
            disk,
            DataPaths.index(directory, file.baseOffset()),
            file.baseOffset(),
            file.sizeBytes(),
            SparseIndex.FEWEST_ENTRIES);
    IndexFile.Seal seal = content.seal();
    if (seal == null || content.problem() != null) {
      try (DiskFile log = disk.openForReading(DataPaths.log(directory, file.baseOffset()))) {
        IndexBuild.Built built =
            IndexBuild.byHeaders(
                walk,
                log,
                file.sizeBytes(),
                file.baseOffset(),
                indexIntervalBytes,
                Integer.MAX_VALUE);
        readBytes += file.sizeBytes();
        seal = built.seal(file.sizeBytes());
        writeIndex(file.baseOffset(), built.index(), seal);
      }
    }
    if (seal.endOffset() != next.baseOffset()) {
      throw notAdjoining(next, seal.endOffset());
    }
    return Segment.found(
        directory,
        new FoundSegment(
            file.baseOffset(),
            file.sizeBytes(),
            seal.endOffset(),
            seal.maxTimestamp(),
            seal.lastAppendMillis()),
        true);
  }

  private SegmentScan scan(
      LogListing.LogFile file, EpochHistory epochs, long recoveryPoint, boolean last)
      throws IOException {
    Path path = DataPaths.log(directory, file.baseOffset());
    try (DiskFile log = disk.openForReading(path)) {
      SegmentScan scan =
          new SegmentScan(log, file.baseOffset(), file.sizeBytes(), indexIntervalBytes, walk);
      changedEpochs |= scan.run(disk, directory, recoveryPoint, epochs);
      readBytes += scan.readBytes();
      String problem = scan.problem();
      if (problem == null) {
        return scan;
      }
      String where = path + " is damaged at position " + scan.sizeBytes() + ": " + problem;
      boolean cutsAnywhere = SafetyRule.R22.isLeftOut();
      if (scan.endOffset() < recoveryPoint && !cutsAnywhere) {
        throw new CorruptLogException(
            where
                + ". Offset "
                + scan.endOffset()
                + " was on disk (recovery point "
                + recoveryPoint
                + "), so this is no unfinished write, and nothing was cut");
      }
      long later =
          LaterBatches.count(log, scan.sizeBytes() + 1, file.sizeBytes(), scan.endOffset());
      if (isWhole() && (later > 0 || !last) && !cutsAnywhere) {
        throw new CorruptLogException(
            where
                + ". The machine has not restarted and "
                + (last ? later + " whole batches" : "another segment")
                + " follow, so this is no unfinished write, and nothing was cut");
      }
      cutBytes += file.sizeBytes() - scan.sizeBytes();
      cutWholeBatches += later;
      boolean isEndOfFile = later == 0 && (last || scan.isCutShort());
      isInDoubt |= !isEndOfFile && !isLostWrite(log, scan) && !cutsAnywhere;
      return scan;
    }
  }

  private static boolean isLostWrite(DiskFile log, SegmentScan scan) throws IOException {
    int size = (int) log.size();
    int next = new LaterBatches(log, size, scan.endOffset()).next(scan.sizeBytes() + 1);
    int to = next < 0 ? scan.damagedTo() : Math.min(next, scan.damagedTo());
    return LostWrite.explains(log, scan.sizeBytes(), to);
  }

  /** All of it has been forced; only its index may not have been written to the end. */
  private Segment asItStands(LogListing.LogFile file, SegmentScan scan) throws IOException {
    boolean hasNone = scan.index().count() == 0 && !file.hasIndex();
    if (!hasNone && !scan.isIndexOnDisk()) {
      Path path = DataPaths.index(directory, file.baseOffset());
      ByteBuffer entries = IndexFile.entries(scan.index());
      try {
        IndexFile.replaceUnforced(disk, path, IndexFile.block(file.baseOffset(), entries, null));
      } catch (DiskFullException e) {
        LOG.debug("{} is made again when it is needed: {}", path, e.getMessage());
      }
    }
    return found(file, scan, true);
  }

  /** Cuts the file if need be, forces it, and writes its index. */
  private Segment repaired(LogListing.LogFile file, SegmentScan scan, boolean active)
      throws IOException {
    Path path = DataPaths.log(directory, file.baseOffset());
    try (DiskFile log = disk.open(path)) {
      if (scan.sizeBytes() < file.sizeBytes()) {
        log.truncate(scan.sizeBytes());
      }
      if (pageCache != PageCache.FRESH && !SafetyRule.F1.isLeftOut()) {
        writeAnew(log, scan.beganAt(), scan.sizeBytes());
      }
      log.force();
    }
    IndexFile.Seal seal =
        active
            ? null
            : new IndexFile.Seal(
                scan.endOffset(), scan.sizeBytes(), scan.maxTimestamp(), scan.lastAppendMillis());
    writeIndex(file.baseOffset(), scan.index(), seal);
    return found(file, scan, active);
  }

  private Segment found(LogListing.LogFile file, SegmentScan scan, boolean active) {
    return Segment.found(
        directory,
        new FoundSegment(
            file.baseOffset(),
            scan.sizeBytes(),
            scan.endOffset(),
            scan.maxTimestamp(),
            scan.lastAppendMillis()),
        !active);
  }

  /**
   * Where a force, or the kernel's own writing back, has failed, pages count as written that are on
   * no disk, and forcing them does nothing. Written again they are forced for certain, or the force
   * fails. All that is not known to be on the disk is above the recovery point, so this is little.
   */
  private void writeAnew(DiskFile log, int from, int to) throws IOException {
    ByteBuffer window = ByteBuffer.allocate(Math.min(REWRITE_BYTES, to - from));
    int position = from;
    while (position < to) {
      window.clear().limit(Math.min(window.capacity(), to - position));
      int length = log.read(position, window);
      if (length == 0) {
        throw new EOFException(log.path() + " ends at position " + position + ", before " + to);
      }
      log.write(position, window.flip());
      position += length;
    }
  }

  private void writeIndex(long baseOffset, SparseIndex index, IndexFile.@Nullable Seal seal)
      throws IOException {
    Path path = DataPaths.index(directory, baseOffset);
    ByteBuffer block = IndexFile.block(baseOffset, IndexFile.entries(index), seal);
    try {
      IndexFile.replace(disk, path, block);
    } catch (DiskFullException e) {
      LOG.debug("{} is made again when it is needed: {}", path, e.getMessage());
    }
  }

  /** Removes segments behind the end; the last first, so that no hole can come of it. */
  private void drop(List<LogListing.LogFile> behind) throws IOException {
    for (int i = behind.size() - 1; i >= 0; i--) {
      LogListing.LogFile file = behind.get(i);
      Path log = DataPaths.log(directory, file.baseOffset());
      try (DiskFile dropped = disk.openForReading(log)) {
        cutWholeBatches += LaterBatches.count(dropped, 0, file.sizeBytes(), file.baseOffset());
      }
      cutBytes += file.sizeBytes();
      if (file.hasIndex()) {
        disk.delete(DataPaths.index(directory, file.baseOffset()));
      }
      disk.delete(log);
    }
  }
}
