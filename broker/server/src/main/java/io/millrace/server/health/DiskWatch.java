package io.millrace.server.health;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.health.HealthBoard.Part;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every few seconds how much room is left. Owner: a worker that may block on the disk. */
public final class DiskWatch {
  private static final Logger LOG = LoggerFactory.getLogger(DiskWatch.class);
  private static final long LOOK_NANOS = SECONDS.toNanos(5);

  /** With less, producers are about to be refused: whoever can should go elsewhere. */
  static final long LEAST_USABLE_BYTES = 64L << 20;

  /** So that a disk on the brink is not told of every few seconds. */
  private static final long ENOUGH_USABLE_BYTES = 128L << 20;

  private final EventLoop worker;
  private final Disk disk;
  private final Path root;
  private final HealthBoard board;
  private volatile long usableBytes = -1;
  private boolean isTold;
  private boolean stopped;

  public DiskWatch(EventLoop worker, Disk disk, Path root, HealthBoard board) {
    this.worker = worker;
    this.disk = disk;
    this.root = root;
    this.board = board;
  }

  /** On the worker. */
  public void start() {
    worker.assertInLoop();
    look();
  }

  /** On the worker. */
  public void stop() {
    worker.assertInLoop();
    stopped = true;
  }

  /** As of the last look, -1 before the first. Any thread. */
  public long usableBytes() {
    return usableBytes;
  }

  private void look() {
    if (stopped) {
      return;
    }
    try {
      judge(disk.usableBytes(root));
    } catch (IOException e) {
      trouble("the disk under " + root + " does not answer: " + e.getMessage());
    }
    worker.schedule(LOOK_NANOS, this::look);
  }

  private void judge(long usableBytes) {
    this.usableBytes = usableBytes;
    if (usableBytes < (isTold ? ENOUGH_USABLE_BYTES : LEAST_USABLE_BYTES)) {
      trouble(
          "the disk under "
              + root
              + " is full but for "
              + (usableBytes >> 20)
              + " MiB: producers are refused when nothing is left. Free some, or lower the topics'"
              + " retention");
      return;
    }
    board.good(Part.DISK);
    if (isTold) {
      isTold = false;
      LOG.info("the disk under {} has {} MiB left again", root, usableBytes >> 20);
    }
  }

  private void trouble(String reason) {
    board.bad(Part.DISK, reason);
    if (!isTold) {
      isTold = true;
      LOG.warn("{}", reason);
    }
  }
}
