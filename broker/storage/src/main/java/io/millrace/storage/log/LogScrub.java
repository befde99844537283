package io.millrace.storage.log;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Queue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all that is stored again, slowly, and compares checksums: damage that has come to the disk
 * is found while another replica still has what is damaged. Belongs to the housekeeping worker,
 * which it never keeps for longer than a few hundred kilobytes take.
 *
 * <p>Past the page cache where the system can: what others read stays in memory, and what is looked
 * at is what the disk has.
 */
final class LogScrub {
  private static final Logger LOG = LoggerFactory.getLogger(LogScrub.class);

  private static final int STEP_BYTES = 1 << 18;

  /** However little there is, and however much time: small logs are through within minutes. */
  private static final long LEAST_BYTES_PER_SECOND = 1 << 20;

  /** However short the interval: others need the disk too. */
  private static final long MOST_BYTES_PER_SECOND = 64 << 20;

  /** A start has other things to do. */
  private static final long FIRST_NANOS = SECONDS.toNanos(5);

  private final Disk disk;
  private final EventLoop housekeeping;
  private final long intervalNanos;
  private final Supplier<Collection<PartitionLog>> logs;
  private final StorageCounters counters;
  private final BatchWalk walk = new BatchWalk(STEP_BYTES);
  private final Queue<PartitionLog> left = new ArrayDeque<>();

  private boolean isStopped;
  private long bytesPerSecond;
  private long beganNanos;
  private long damagesBefore;
  private long bytesBefore;
  private int logCount;

  // Of the segment that is being read.
  private @Nullable DiskFile file;
  private @Nullable DamageCheck check;

  /**
   * @param intervalMillis in which everything is read once; 0: never
   * @param logs those that are open now
   */
  LogScrub(
      Disk disk,
      EventLoop housekeeping,
      long intervalMillis,
      Supplier<Collection<PartitionLog>> logs,
      StorageCounters counters) {
    this.disk = disk;
    this.housekeeping = housekeeping;
    this.intervalNanos = MILLISECONDS.toNanos(intervalMillis);
    this.logs = logs;
    this.counters = counters;
  }

  /** Any thread. */
  void start() {
    if (intervalNanos > 0) {
      housekeeping.schedule(Math.min(FIRST_NANOS, intervalNanos), this::begin);
    }
  }

  void stop() {
    isStopped = true;
    closeFile();
  }

  private void begin() {
    if (isStopped) {
      return;
    }
    logs.get().stream()
        .sorted(Comparator.comparing(log -> log.name().directoryName()))
        .forEach(left::add);
    logCount = left.size();
    long totalBytes = left.stream().mapToLong(PartitionLog::sizeHintBytes).sum();
    bytesPerSecond =
        Math.min(
            MOST_BYTES_PER_SECOND,
            Math.max(
                LEAST_BYTES_PER_SECOND, (long) (totalBytes / Math.max(1e-3, intervalNanos / 1e9))));
    beganNanos = housekeeping.clock().nanoTime();
    damagesBefore = counters.damages();
    bytesBefore = counters.scrubbedBytes();
    counters.scrubBegins(totalBytes);
    nextLog();
  }

  private void nextLog() {
    PartitionLog log = left.poll();
    if (log == null) {
      ended();
    } else {
      nextPiece(log, 0);
    }
  }

  private void nextPiece(PartitionLog log, long offset) {
    log.damages()
        .pieceLater(offset, piece -> housekeeping.execute(() -> onPiece(log, offset, piece)));
  }

  private void onPiece(PartitionLog log, long offset, @Nullable CheckPiece piece) {
    if (isStopped) {
      return;
    }
    if (piece == null || piece.limitOffset() <= offset) {
      nextLog();
      return;
    }
    try {
      DiskFile opened =
          piece.isSealed() ? disk.openPastCache(piece.file()) : disk.openForReading(piece.file());
      file = opened;
      check = new DamageCheck(piece, opened, walk);
    } catch (IOException e) {
      LOG.debug("{} is not looked at: {}", piece.file(), e.toString()); // retention, mostly
      nextPiece(log, piece.limitOffset());
      return;
    }
    step(log, piece);
  }

  private void step(PartitionLog log, CheckPiece piece) {
    DamageCheck running = check;
    if (isStopped || running == null) {
      return;
    }
    int before = running.position();
    try {
      LogDamage damage = running.step(STEP_BYTES);
      if (damage != null) {
        log.damages().foundLater(piece, damage);
      }
    } catch (CorruptLogException e) {
      closeFile();
      log.damages().failLater(piece, e);
      nextLog();
      return;
    } catch (IOException e) {
      // Whoever needs these bytes meets the same, and says so to those who wait for them.
      LOG.error("{} cannot be read at position {}", piece.file(), running.position(), e);
      closeFile();
      nextPiece(log, piece.limitOffset());
      return;
    }
    int bytes = running.position() - before;
    counters.scrubbed(bytes);
    if (running.isOver()) {
      closeFile();
    }
    housekeeping.schedule(
        Math.max(1, bytes * 1_000_000_000L / bytesPerSecond),
        () -> {
          if (running.isOver()) {
            nextPiece(log, piece.limitOffset());
          } else {
            step(log, piece);
          }
        });
  }

  private void closeFile() {
    DiskFile open = file;
    file = null;
    check = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        LOG.debug("closing {} failed", open.path(), e);
      }
    }
  }

  private void ended() {
    long tookNanos = housekeeping.clock().nanoTime() - beganNanos;
    counters.scrubEnded(housekeeping.clock().wallMillis());
    long damages = counters.damages() - damagesBefore;
    if (logCount > 0) {
      LOG.info(
          "read all {} logs again, {} bytes in {} s; damaged ranges found: {}",
          logCount,
          counters.scrubbedBytes() - bytesBefore,
          tookNanos / 1_000_000_000,
          damages);
    }
    housekeeping.schedule(Math.max(SECONDS.toNanos(1), intervalNanos - tookNanos), this::begin);
  }
}
