package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.directory.CheckpointEntry;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.Doubt;
import io.millrace.storage.directory.Doubts;
import io.millrace.storage.directory.LogEnd;
import io.millrace.storage.directory.PageCache;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs of a data directory: opens, remembers and closes them.
 *
 * <p>Every method may be called from any thread and returns at once; the work is done on the
 * housekeeping worker, which may block on the disk and owns this object's state.
 */
public final class LogStore {
  private static final Logger LOG = LoggerFactory.getLogger(LogStore.class);

  private static final int RETENTION_SLICES = 10;

  /** Of one log: its list of epochs, an index, a list of producers. */
  private static final long ROOM_BYTES = 1 << 20;

  /** With so much nobody can say that the disk is full. */
  private static final long MUCH_ROOM_BYTES = 64 << 20;

  private final DataDirectory directory;
  private final EventLoop housekeeping;
  private final StoreConfig config;
  private final FlushQueue flushQueue;
  private final OpenFiles openFiles;
  private final StorageCounters counters = new StorageCounters();
  private final SegmentRemoval removal;
  private final ColdReads coldReads;
  private final FullDisk fullDisk;
  private final LogScrub scrub;
  private final LogCompactor compactor;
  private final AtomicLong writtenBytes = new AtomicLong();

  // Housekeeping's.
  private final Map<PartitionName, PartitionLog> logs = new HashMap<>();
  private final Map<EventLoop, LoopScratch> scratches = new HashMap<>();
  private Map<PartitionName, CheckpointEntry> lastCheckpoint = Map.of();
  private final BatchWalk recoveryWalk = new BatchWalk(LogRecovery.WINDOW_BYTES);

  /** Why logs could not be opened when it was last tried. */
  private final Map<PartitionName, String> failedOpenings = new HashMap<>();

  /** Who is to be told of partitions whose directories are not durable yet. */
  private final List<Runnable> newPartitions = new ArrayList<>();

  /** Directories of logs whose first file is on no disk yet. */
  private final List<Path> newLogs = new ArrayList<>();

  /** What logs knew that have been let go of, until they are opened again. */
  private final Map<PartitionName, CheckpointEntry> letGo = new HashMap<>();

  /** Whose doubts are over; from any thread to the housekeeping worker. */
  private final Map<PartitionName, Consumer<Boolean>> settled = new ConcurrentHashMap<>();

  private final Queue<PartitionLog> unretained = new ArrayDeque<>();
  private boolean closed;

  /** As below, with the housekeeping worker for cold reads. */
  public LogStore(
      DataDirectory directory,
      EventLoop flushWorker,
      EventLoop housekeeping,
      StoreConfig config,
      Consumer<Throwable> onDiskFailure) {
    this(directory, flushWorker, housekeeping, housekeeping, config, onDiskFailure);
  }

  /**
   * Begins to write checkpoints, and to let go what the logs need not retain.
   *
   * @param directory adopted, and its run recorded; used by nobody else from now on
   * @param flushWorker blocks on fsync; nothing else should run on it
   * @param housekeeping blocks on the disk
   * @param coldReadWorker blocks on the disk for readers of what is not in memory
   * @param onDiskFailure hears once, on a worker, that a force has failed: nothing in the directory
   *     can be trusted from then on, and no log takes anything any more
   */
  public LogStore(
      DataDirectory directory,
      EventLoop flushWorker,
      EventLoop housekeeping,
      EventLoop coldReadWorker,
      StoreConfig config,
      Consumer<Throwable> onDiskFailure) {
    this.directory = directory;
    this.housekeeping = housekeeping;
    this.config = config;
    this.flushQueue =
        new FlushQueue(
            flushWorker,
            cause -> {
              directory.distrust();
              onDiskFailure.accept(cause);
            });
    this.openFiles = new OpenFiles(config.maxOpenFiles());
    this.fullDisk = new FullDisk(directory.paths().root(), counters);
    this.coldReads = new ColdReads(coldReadWorker, counters);
    this.removal =
        new SegmentRemoval(directory.disk(), housekeeping, config.removalDelayMillis(), counters);
    this.scrub =
        new LogScrub(
            directory.disk(), housekeeping, config.scrubIntervalMillis(), logs::values, counters);
    this.compactor =
        new LogCompactor(
            directory.disk(),
            housekeeping,
            config.compaction(),
            logs::values,
            counters,
            flushQueue,
            fullDisk);
    scheduleCheckpoint();
    scheduleRetention();
    scrub.start();
    compactor.start();
  }

  /** For the start and the stop; this store uses it in between. */
  public DataDirectory directory() {
    return directory;
  }

  /** Why nothing here can be trusted any more; null while all is well. */
  public @Nullable Throwable failure() {
    return flushQueue.failure();
  }

  /**
   * Opens a partition's log, recovering it if need be; makes it when there is none.
   *
   * @param owner the log is used on this loop only
   * @param listener called on the owner
   * @param then on the owner, once
   */
  public void open(
      PartitionName name,
      LogConfig logConfig,
      EventLoop owner,
      LogListener listener,
      Consumer<LogOpening> then) {
    housekeeping.execute(
        () -> {
          int before = newPartitions.size();
          LogOpening opening = open(name, logConfig, owner, listener);
          if (newPartitions.size() == before) {
            owner.execute(() -> then.accept(opening));
          } else {
            newPartitions.set(before, () -> owner.execute(() -> then.accept(opening)));
            if (before == 0) {
              housekeeping.execute(this::syncNewPartitions); // behind all that wait to be opened
            }
          }
        });
  }

  /**
   * Once for all directories that were made since the last time, then each log's first file: they
   * are told of only now. A power loss may keep a later file of a log and not the first one, and
   * where a log begins that has never been flushed only its first file tells.
   */
  private void syncNewPartitions() {
    List<Runnable> made = List.copyOf(newPartitions);
    List<Path> logsMade = List.copyOf(newLogs);
    newPartitions.clear();
    newLogs.clear();
    try {
      directory.syncPartitions();
      for (Path path : logsMade) {
        directory.disk().syncDirectory(path);
      }
    } catch (IOException e) {
      LOG.error("the names of new partitions are not on disk", e);
      flushQueue.fail(e);
    }
    // After a failure too: their first flush will fail, and tell.
    made.forEach(Runnable::run);
  }

  private LogOpening open(
      PartitionName name, LogConfig logConfig, EventLoop owner, LogListener listener) {
    if (closed || logs.containsKey(name)) {
      return LogOpening.Offline.refused(name + (closed ? " comes too late" : " is open already"));
    }
    if (flushQueue.failure() != null) {
      String why = "the disk has failed: " + flushQueue.failure();
      return new LogOpening.Offline(why, LogOpening.Cause.DISK_FAILED);
    }
    CheckpointEntry known = letGo.get(name);
    CheckpointEntry remembered = known == null ? directory.lastCheckpoint(name) : known;
    try {
      Path path = directory.paths().partition(name);
      FileKind kind = directory.disk().kind(path);
      if (kind == FileKind.ABSENT && remembered.recoveryPoint() > 0) {
        return LogOpening.Offline.damaged(
            path
                + " is missing, though records up to offset "
                + remembered.recoveryPoint()
                + " were on disk: restore it, or delete the partition");
      } else if (kind == FileKind.ABSENT) {
        if (directory.doubts().includeAbsent()) {
          directory.doubts().add(name, Doubt.COPY); // once it is here nothing tells that it was not
        }
        directory.createPartition(name);
        newPartitions.add(() -> {});
      } else if (kind != FileKind.DIRECTORY) {
        return LogOpening.Offline.refused(path + " is not a directory");
      }
      Doubts doubts = directory.doubts();
      LogRecovery recovery =
          new LogRecovery(
              directory.disk(),
              path,
              logConfig.indexIntervalBytes(),
              known == null ? directory.pageCacheOf(name) : PageCache.WHOLE,
              recoveryWalk,
              () -> doubts.add(name, Doubt.FLUSHED));
      LogEnd cleanEnd = directory.takeCleanEnd(name).orElse(null);
      // Only at the broker's start: after a failure it is to be seen that the disk works.
      boolean wasForced =
          known == null && !failedOpenings.containsKey(name) && directory.wasOpenInThisBoot(name);
      LogRecovery.Recovered recovered = recovery.open(cleanEnd, remembered, wasForced);
      report(name, recovered);
      if (recovered.isNew()) {
        newLogs.add(path);
        if (kind == FileKind.DIRECTORY) {
          newPartitions.add(() -> {});
        }
      }
      LogContext context =
          new LogContext(
              name,
              path,
              directory.disk(),
              owner,
              housekeeping,
              scratches.computeIfAbsent(owner, loop -> new LoopScratch()),
              openFiles,
              flushQueue,
              removal,
              coldReads,
              fullDisk,
              counters,
              () -> new HotTail(writtenBytes, config.hotBytes()));
      ProducerRebuild.Rebuilt producers =
          ProducerRebuild.open(directory.disk(), path, recovered, cleanEnd);
      PartitionLog log =
          new PartitionLog(context, recovered, producers, logConfig, remembered, listener);
      logs.put(name, log);
      letGo.remove(name);
      if (failedOpenings.remove(name) != null) {
        fullDisk.appended(); // what it wrote has found room, if that was what was missing
        LOG.info("{} is open now", name);
      }
      return new LogOpening.Opened(log, recovered.report());
    } catch (CorruptLogException e) {
      failedOpenings.remove(name);
      LOG.error("{} stays offline: {}", name, e.getMessage());
      return LogOpening.Offline.damaged(String.valueOf(e.getMessage()));
    } catch (DiskFullException e) {
      fullDisk.met(e.getMessage());
      return failed(name, "the disk is full: " + e.getMessage(), LogOpening.Cause.NO_ROOM, e);
    } catch (ForceFailedException e) {
      flushQueue.fail(e);
      return failed(name, "the disk failed: " + e.getMessage(), LogOpening.Cause.DISK_FAILED, e);
    } catch (IOException e) {
      return failed(name, "the disk failed: " + e, LogOpening.Cause.DISK_ERROR, e);
    } catch (RuntimeException e) {
      // A bug; that of one log must not keep the others closed.
      return failed(name, "it could not be opened: " + e, LogOpening.Cause.REFUSED, e);
    }
  }

  /** Told once for each text, however often it is tried. */
  private LogOpening.Offline failed(
      PartitionName name, String why, LogOpening.Cause cause, Exception e) {
    if (!why.equals(failedOpenings.put(name, why))) {
      if (cause == LogOpening.Cause.NO_ROOM) {
        LOG.error("{} stays offline until there is room: {}", name, e.getMessage());
      } else {
        LOG.error(
            "{} stays offline{}", name, cause.mayPass() ? "; it is tried again by itself" : "", e);
      }
    }
    return new LogOpening.Offline(why, cause);
  }

  /** What this replica may lack that its sets do not know of; empty as a rule. Any thread. */
  public Optional<Doubt> doubtOf(PartitionName name) {
    return directory.doubts().of(name);
  }

  /**
   * It is in no set any more that says it holds everything.
   *
   * @param then on the housekeeping worker: whether that is on disk
   */
  public void settleDoubt(PartitionName name, Consumer<Boolean> then) {
    settled.put(name, then);
    housekeeping.execute(this::settleDoubts);
  }

  /** Once for all that have come until now. */
  private void settleDoubts() {
    Map<PartitionName, Consumer<Boolean>> now = new HashMap<>();
    settled.forEach((name, then) -> now.put(name, then));
    now.forEach(settled::remove);
    boolean isDone = true;
    try {
      directory.doubts().settle(now.keySet());
    } catch (DiskFullException e) {
      fullDisk.met(e.getMessage());
      isDone = false;
    } catch (IOException e) {
      failIfForce(e);
      LOG.warn("which replicas are not in doubt any more could not be written: {}", e.toString());
      isDone = false;
    }
    boolean done = isDone;
    now.values().forEach(then -> then.accept(done));
  }

  /**
   * Looks whether what found no room could find some now. Any thread.
   *
   * @param then on the housekeeping worker
   */
  public void lookForRoom(Consumer<Boolean> then) {
    housekeeping.execute(() -> then.accept(usableBytes() >= ROOM_BYTES));
  }

  private long usableBytes() {
    try {
      return directory.disk().usableBytes(directory.paths().root());
    } catch (IOException e) {
      LOG.debug("the disk does not tell how much room there is", e);
      return 0;
    }
  }

  private void failIfForce(IOException e) {
    if (e instanceof ForceFailedException) {
      flushQueue.fail(e);
    }
  }

  private static void report(PartitionName name, LogRecovery.Recovered recovered) {
    RecoveryReport report = recovered.report();
    if (report.belowRecoveryPoint()) {
      LOG.error(
          "{} ends at offset {}, before a recovery point: records that were on disk are missing",
          name,
          recovered.endOffset());
    }
    if (report.cutBytes() > 0) {
      LOG.warn(
          "{} now ends at offset {}: dropped {} bytes that were not wholly written, with {} whole"
              + " batches among them",
          name,
          recovered.endOffset(),
          report.cutBytes(),
          report.cutWholeBatches());
    }
  }

  /** Whether appends are being refused for lack of space. Any thread. */
  public boolean isDiskFull() {
    return fullDisk.isFull();
  }

  /** What the logs have done so far. Any thread. */
  public StorageCounters counters() {
    return counters;
  }

  /** Of the logs that are compacted, as far as they have been looked at. Any thread. */
  public Map<PartitionName, CompactionStatus> compactions() {
    return compactor.statuses();
  }

  /**
   * Compacts a log at once, whatever the ratio and the lags, as far as is wished for. That has to
   * be committed and forced first.
   */
  public void compactNow(PartitionName name, CompactionWish wish) {
    housekeeping.execute(
        () -> {
          PartitionLog log = logs.get(name);
          if (log == null || closed) {
            wish.ended(new CompactionOutcome.NotDone(name + " is not open"));
          } else {
            compactor.compactNow(log, wish);
          }
        });
  }

  /** Looks at a share of the logs at a time, so that no loop has all of its own to look at once. */
  private void scheduleRetention() {
    long sliceMillis = Math.max(1, config.retentionIntervalMillis() / RETENTION_SLICES);
    housekeeping.schedule(
        sliceMillis * 1_000_000,
        () -> {
          if (!closed && flushQueue.failure() == null) {
            retainSome();
            if (fullDisk.isFull()) {
              fullDisk.look(housekeeping.clock().nanoTime(), usableBytes() >= MUCH_ROOM_BYTES);
            }
            scheduleRetention();
          }
        });
  }

  private void retainSome() {
    if (unretained.isEmpty()) {
      unretained.addAll(logs.values());
    }
    int share = (logs.size() + RETENTION_SLICES - 1) / RETENTION_SLICES;
    for (int i = 0; i < share && !unretained.isEmpty(); i++) {
      PartitionLog log = unretained.remove();
      if (logs.get(log.name()) == log) {
        log.retainLater(housekeeping.clock().wallMillis());
      }
    }
  }

  private void scheduleCheckpoint() {
    housekeeping.schedule(
        config.checkpointIntervalMillis() * 1_000_000,
        () -> {
          if (!closed && flushQueue.failure() == null) {
            checkpoint();
            scheduleCheckpoint();
          }
        });
  }

  /** False when it could not be written. */
  private boolean checkpoint() {
    if (!newPartitions.isEmpty()) {
      syncNewPartitions(); // whatever it names is believed to be on disk after a crash
    }
    Map<PartitionName, CheckpointEntry> entries = new HashMap<>();
    logs.forEach((name, log) -> entries.put(name, log.checkpoint(directory.bootTag())));
    if (entries.equals(lastCheckpoint)) {
      return true;
    }
    try {
      directory.writeCheckpoint(entries);
      lastCheckpoint = entries;
      return true;
    } catch (DiskFullException e) {
      fullDisk.met(e.getMessage());
      return false;
    } catch (IOException e) {
      failIfForce(e);
      // The last one stays: more is read again after a crash, nothing worse.
      LOG.warn("no checkpoint was written: {}", e.getMessage());
      return false;
    }
  }

  /**
   * Closes a log that has failed, as it is, so that it can be opened again: what is on its disk
   * then is recovered as after the end of the process. Does nothing where no log is open.
   *
   * @param then on the housekeeping worker
   */
  public void letGo(PartitionName name, Runnable then) {
    housekeeping.execute(
        () -> {
          PartitionLog log = logs.remove(name);
          if (log == null) {
            then.run();
            return;
          }
          failedOpenings.put(
              name, "its log has failed"); // so no stop is a clean one before it opens
          log.abandonLater(
              () -> {
                CheckpointEntry known = log.checkpoint(directory.bootTag());
                housekeeping.execute(
                    () -> {
                      letGo.put(name, known);
                      then.run();
                    });
              });
        });
  }

  /**
   * Closes a partition's log and puts its directory into the trash. The server has stopped using
   * it.
   *
   * @param wallMillis when, for {@link #emptyTrash}
   * @param then on the housekeeping worker: null when it is done, else why not
   */
  public void delete(PartitionName name, long wallMillis, Consumer<@Nullable IOException> then) {
    housekeeping.execute(
        () -> {
          PartitionLog log = logs.remove(name);
          failedOpenings.remove(name);
          letGo.remove(name);
          if (log == null) {
            then.accept(moveToTrash(name, wallMillis));
          } else {
            log.abandonLater(
                () -> housekeeping.execute(() -> then.accept(moveToTrash(name, wallMillis))));
          }
        });
  }

  /**
   * Puts what is left of a damaged partition into the trash, so that opening it makes it anew. What
   * was remembered of it is forgotten, but for the highest epoch seen.
   *
   * @param wallMillis when, for {@link #emptyTrash}
   * @param then on the housekeeping worker: null when it is done, else why not
   */
  public void setAside(PartitionName name, long wallMillis, Consumer<@Nullable IOException> then) {
    housekeeping.execute(
        () -> {
          if (logs.containsKey(name)) {
            throw new IllegalStateException(name + " is open");
          }
          CheckpointEntry known = letGo.getOrDefault(name, CheckpointEntry.NOTHING);
          try {
            directory.setAside(name, wallMillis, known.highestEpoch());
            failedOpenings.remove(name);
            letGo.remove(name);
            then.accept(null);
          } catch (IOException e) {
            failIfForce(e);
            LOG.error("{} could not be put aside", name, e);
            then.accept(e);
          }
        });
  }

  private @Nullable IOException moveToTrash(PartitionName name, long wallMillis) {
    try {
      directory.moveToTrash(name, wallMillis);
      return null;
    } catch (IOException e) {
      failIfForce(e);
      LOG.error("{} could not be put into the trash", name, e);
      return e;
    }
  }

  /** Deletes what was put into the trash up to a time. */
  public void emptyTrash(long untilWallMillis) {
    housekeeping.execute(
        () -> {
          try {
            int deleted = directory.emptyTrash(untilWallMillis);
            if (deleted > 0) {
              LOG.info("deleted {} partitions from the trash", deleted);
            }
          } catch (IOException e) {
            LOG.warn("the trash was not emptied", e);
          }
        });
  }

  /**
   * Closes all logs, whose owners still run; then writes the checkpoint and, if every log ended
   * well, the clean mark. The directory stays locked.
   *
   * @param then on the housekeeping worker: whether it was a clean stop
   */
  public void close(int incarnation, Consumer<Boolean> then) {
    housekeeping.execute(
        () -> {
          closed = true;
          scrub.stop();
          compactor.stop();
          Map<PartitionName, LogEnd> ends = new HashMap<>();
          List<PartitionLog> closing = List.copyOf(logs.values());
          int[] left = {closing.size()};
          if (closing.isEmpty()) {
            then.accept(finish(incarnation, ends));
          }
          for (PartitionLog log : closing) {
            log.closeLater(
                end ->
                    housekeeping.execute(
                        () -> {
                          end.ifPresent(there -> ends.put(log.name(), there));
                          if (--left[0] == 0) {
                            then.accept(finish(incarnation, ends));
                          }
                        }));
          }
        });
  }

  private boolean finish(int incarnation, Map<PartitionName, LogEnd> ends) {
    if (flushQueue.failure() != null || !checkpoint()) {
      return false;
    }
    // What could not be opened may end in bytes of an earlier life that were never forced.
    int bad = logs.size() - ends.size() + failedOpenings.size();
    if (bad > 0) {
      LOG.warn("no clean mark: {} logs did not end well, or were never opened", bad);
      return false;
    }
    try {
      directory.writeCleanMark(incarnation, ends);
      return true;
    } catch (IOException e) {
      failIfForce(e);
      LOG.warn("no clean mark was written", e);
      return false;
    }
  }
}
