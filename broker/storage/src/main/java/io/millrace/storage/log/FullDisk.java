package io.millrace.storage.log;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a person once that the disk is full, and once that it no longer is, however many logs and
 * producers find out. Any thread; {@link #look} belongs to the housekeeping worker.
 */
final class FullDisk {
  private static final Logger LOG = LoggerFactory.getLogger(FullDisk.class);

  /**
   * So long nobody must have been refused: a little space lets small batches in, not large ones.
   */
  private static final long QUIET_NANOS = 2_000_000_000L;

  private final Path directory;
  private final StorageCounters counters;
  private final AtomicReference<@Nullable Episode> now = new AtomicReference<>();

  /** While the disk is full. Its fields are written by whoever is refused or not; the last wins. */
  private static final class Episode {
    final long refusalsBefore;
    volatile long refusalsAtLastLook;
    volatile boolean appendedSince;
    volatile long quietSinceNanos;

    Episode(long refusals) {
      refusalsBefore = refusals;
    }
  }

  FullDisk(Path directory, StorageCounters counters) {
    this.directory = directory;
    this.counters = counters;
  }

  /** Something could not be written for lack of space. */
  void met(@Nullable String why) {
    if (now.compareAndSet(null, new Episode(counters.refusedForSpace()))) {
      LOG.error(
          "the disk of {} is full ({}): appends are refused, nothing that was acknowledged is lost."
              + " Free some space, or shorten the retention of a topic; no restart is needed",
          directory,
          why);
    }
    counters.refuseForSpace();
    Episode episode = now.get();
    if (episode != null) {
      episode.appendedSince = false;
    }
  }

  /** An append has found its place. */
  void appended() {
    Episode episode = now.get();
    if (episode != null && !episode.appendedSince) {
      episode.appendedSince = true;
    }
  }

  /** Any thread. */
  boolean isFull() {
    return now.get() != null;
  }

  /**
   * Whether it is over; from time to time.
   *
   * @param hasRoom so much that it is over even if nobody has tried to append
   */
  void look(long nowNanos, boolean hasRoom) {
    Episode episode = now.get();
    if (episode == null) {
      return;
    }
    long refusals = counters.refusedForSpace();
    if (!(episode.appendedSince || hasRoom) || refusals != episode.refusalsAtLastLook) {
      episode.refusalsAtLastLook = refusals;
      episode.quietSinceNanos = nowNanos;
    } else if (nowNanos - episode.quietSinceNanos >= QUIET_NANOS) {
      now.set(null);
      LOG.info(
          "the disk of {} has space again: appends go on, {} were refused meanwhile",
          directory,
          refusals - episode.refusalsBefore);
    }
  }
}
