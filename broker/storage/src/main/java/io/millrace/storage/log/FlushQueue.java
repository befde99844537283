package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What must reach the disk before somebody may go on: jobs run one after another on the {@code
 * flush} worker.
 *
 * <p>Group commit comes from the callers: each log has at most one job here, and whoever asks while
 * it runs shares the next one. The first failed force is final for the whole directory: after a
 * failed fsync the kernel may have dropped the pages, and a second one would report success (R21).
 * From then on no job runs; each ends with that failure. Any other error, of a disk that takes no
 * changes for now or a process without file handles, is of that job's log alone.
 */
public final class FlushQueue {
  private final EventLoop worker;
  private final Consumer<Throwable> onFailure;

  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /**
   * @param worker may block on the disk; nothing else should run on it
   * @param onFailure hears of the first failure, once, on the thread that met it
   */
  public FlushQueue(EventLoop worker, Consumer<Throwable> onFailure) {
    this.worker = worker;
    this.onFailure = onFailure;
  }

  /** One piece of work for the flush worker. */
  interface Job {
    /**
     * On the worker. A {@link ForceFailedException}, and a bug, mean that the directory can no
     * longer be trusted; any other exception that nothing counts which the job was to bring about.
     */
    void run() throws IOException;

    /**
     * On the worker, once, after {@link #run} or instead of it; null when all went well. Whoever is
     * told of a failure lets its log fail: what it is opened again with is recovered.
     */
    void ended(@Nullable Throwable failure);
  }

  /** Any thread. */
  void submit(Job job) {
    worker.execute(() -> perform(job));
  }

  private void perform(Job job) {
    IOException ofThisJob = null;
    if (failure.get() == null) {
      try {
        job.run();
      } catch (ForceFailedException | RuntimeException e) {
        if (!SafetyRule.R21.isLeftOut() || !isDoneAgain(job)) {
          fail(e);
        }
      } catch (IOException e) {
        ofThisJob = e;
      }
    }
    Throwable ofAll = failure.get();
    job.ended(ofAll == null ? ofThisJob : ofAll);
  }

  /** What must never be done; see {@link #failure}. */
  private static boolean isDoneAgain(Job job) {
    try {
      job.run();
      return true;
    } catch (IOException | RuntimeException again) {
      return false;
    }
  }

  /** Any thread: a force failed somewhere else. */
  void fail(Throwable cause) {
    if (failure.compareAndSet(null, cause)) {
      onFailure.accept(cause);
    }
  }

  /** Why nothing here can be trusted any more; null while all is well. Any thread. */
  public @Nullable Throwable failure() {
    return failure.get();
  }
}
