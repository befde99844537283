package io.millrace.client.run;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.errors.HandlerFailedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.RetriableException;
import io.millrace.client.errors.WakeupException;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads for the application: polls, hands out, pauses what is full, commits what was handled, and
 * lets go of partitions only when their last call has ended. Runs on a polling thread of its own,
 * which also owns the consumer; so the member is heard of however long a handler takes.
 */
public final class PollLoop<K, V> implements RebalanceListener {
  private static final Logger log = LoggerFactory.getLogger(PollLoop.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long TROUBLE_PAUSE_NANOS = MILLISECONDS.toNanos(200);

  /** For the last commit and the farewell, when the time to stop is up. */
  private static final long LEAVE_NANOS = SECONDS.toNanos(5);

  private final Consumer<K, V> consumer;
  private final java.util.function.Consumer<RebalanceListener> subscribe;
  private final RunLimits limits;
  private final PollWait rest;
  private final Clock clock;
  private final Dispatcher<K, V> dispatcher;
  private final Progress<K, V> progress;
  private final Receipts receipts;
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

  // On the polling thread.
  private final Map<TopicPartition, Lane<K, V>> lanes = new LinkedHashMap<>();

  /** Not this member's any more, while their last calls go on. */
  private final Map<TopicPartition, Lane<K, V>> leaving = new LinkedHashMap<>();

  private long committedNanos;
  private long committedCount;

  // Any thread.
  private final AtomicReference<@Nullable MillraceException> failure = new AtomicReference<>();
  private volatile boolean stopping;
  private volatile long stopAtNanos;

  /**
   * @param consumer commits nothing by itself; used by nobody else, and closed in the end
   * @param subscribe what it subscribes to, with the given listener
   * @param workers the handler threads, stopped in the end
   * @param rest how the polling thread waits for handlers
   * @param receipts says what is done with, where that is not what was handled
   */
  public PollLoop(
      Consumer<K, V> consumer,
      java.util.function.Consumer<RebalanceListener> subscribe,
      RunLimits limits,
      Work<K, V> work,
      Gate gate,
      List<Tasks.Worker> workers,
      PollWait rest,
      Clock clock,
      Receipts receipts) {
    this.consumer = consumer;
    this.subscribe = subscribe;
    this.limits = limits;
    this.rest = rest;
    this.clock = clock;
    this.progress = new Progress<>(consumer);
    this.receipts = receipts;
    this.committedNanos = clock.nanoTime();
    this.dispatcher =
        new Dispatcher<>(
            workers,
            work,
            gate,
            limits.queuedRecords() / 2,
            new Dispatcher.Listener() {
              @Override
              public void roomAgain() {
                consumer.wakeup();
              }

              @Override
              public void cancelledCallEnded() {
                rest.wake();
              }

              @Override
              public void failed(MillraceException why) {
                fail(why);
              }
            });
  }

  // ---- Any thread ------------------------------------------------------------------------------

  /** Ends when everything has; exceptionally when something failed. */
  public CompletableFuture<Boolean> ended() {
    return ended;
  }

  /**
   * Begins no other call, waits for those under way, commits and leaves.
   *
   * @param limitNanos calls that take longer are not waited for
   */
  public void stop(long limitNanos) {
    dispatcher.halt();
    if (!stopping) {
      stopAtNanos = clock.nanoTime() + limitNanos;
      stopping = true;
    }
    consumer.wakeup();
    rest.wake();
  }

  /** There is a permission again. */
  public void kick() {
    dispatcher.kick();
  }

  private void fail(MillraceException why) {
    failure.compareAndSet(null, why);
    stop(limits.callNanos());
  }

  // ---- The polling thread ----------------------------------------------------------------------

  /** Begins, on a polling thread of its own. */
  public void start(Tasks.Worker poller) {
    poller.execute(
        () -> {
          try {
            run();
          } finally {
            poller.stop();
          }
        });
  }

  /** All of it; on the polling thread. */
  void run() {
    try {
      subscribe.accept(this);
      while (!stopping) {
        turn();
      }
    } catch (MillraceException e) {
      fail(e);
    } catch (RuntimeException | Error e) {
      ended.completeExceptionally(e);
      throw e;
    } finally {
      end();
    }
  }

  private void turn() {
    resumeWhatHasRoom();
    commitNowAndThen();
    failWhatHangs();
    leaving.values().removeIf(lane -> !lane.isBusy());
    ConsumerRecords<K, V> records;
    try {
      records = consumer.poll(POLL);
    } catch (WakeupException e) {
      log.trace("somebody has news", e);
      return;
    } catch (InterruptException e) {
      throw e; // it would not end
    } catch (RetriableException e) {
      log.warn("cannot read for now: {}", e.getMessage());
      rest(TROUBLE_PAUSE_NANOS);
      return;
    }
    for (TopicPartition partition : records.partitions()) {
      Lane<K, V> lane = lanes.get(partition);
      if (lane != null) {
        receipts.offered(records.records(partition));
        lane.offer(records.records(partition));
        dispatcher.offer(lane);
        boolean isFull =
            lane.waitingCount() >= limits.queuedRecords() || receipts.isFull(partition);
        if (!lane.isPaused() && isFull) {
          consumer.pause(List.of(partition));
          lane.setPaused(true);
        }
      }
    }
  }

  private void resumeWhatHasRoom() {
    for (Lane<K, V> lane : lanes.values()) {
      if (lane.isPaused()
          && lane.waitingCount() <= limits.queuedRecords() / 2
          && !receipts.isFull(lane.partition())) {
        lane.setPaused(false);
        consumer.resume(List.of(lane.partition()));
      }
    }
  }

  private void commitNowAndThen() {
    long now = clock.nanoTime();
    long count = dispatcher.handledCount();
    if (now - committedNanos >= limits.commitNanos()
        || count - committedCount >= limits.commitRecords()) {
      committedNanos = now;
      committedCount = count;
      progress.commitSoon(upToDate(lanes.values()));
    }
  }

  private Collection<Lane<K, V>> upToDate(Collection<Lane<K, V>> some) {
    if (receipts.areUsed()) {
      for (Lane<K, V> lane : some) {
        CommittedOffset now = receipts.progress(lane.partition());
        if (now != null) {
          lane.setProgress(now);
        }
      }
    }
    return some;
  }

  private void failWhatHangs() {
    long now = clock.nanoTime();
    for (Lane<K, V> lane : lanes.values()) {
      if (lane.busyNanos(now) > limits.callNanos()) {
        fail(hangs(lane));
      }
    }
  }

  private MillraceException hangs(Lane<K, V> lane) {
    return new HandlerFailedException(
        lane.partition(),
        lane.busyOffset(),
        "the handler has not returned for "
            + NANOSECONDS.toMillis(limits.callNanos())
            + " ms from "
            + lane.partition()
            + " offset "
            + lane.busyOffset()
            + "; its thread cannot be ended",
        null);
  }

  // ---- What comes and goes ---------------------------------------------------------------------

  @Override
  public void onAssigned(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      Lane<K, V> lane = new Lane<>(partition);
      Lane<K, V> former = leaving.get(partition);
      if (former != null) {
        lane.follow(former);
      }
      lanes.put(partition, lane);
    }
  }

  /** Nobody else reads them before this returns. */
  @Override
  public void onRevoked(Collection<TopicPartition> partitions) {
    List<Lane<K, V>> gone = takeOut(partitions);
    long untilNanos = clock.nanoTime() + limits.callNanos();
    awaitCalls(gone, stopping && stopAtNanos - untilNanos < 0 ? stopAtNanos : untilNanos);
    progress.commitNow(upToDate(gone));
    partitions.forEach(receipts::gone);
    if (!stopping) {
      gone.stream().filter(Lane::isBusy).forEach(lane -> fail(hangs(lane)));
    }
  }

  @Override
  public void onLost(Collection<TopicPartition> partitions) {
    takeOut(partitions);
    partitions.forEach(receipts::gone);
  }

  private List<Lane<K, V>> takeOut(Collection<TopicPartition> partitions) {
    List<Lane<K, V>> gone = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      Lane<K, V> lane = lanes.remove(partition);
      if (lane != null) {
        lane.cancel();
        gone.add(lane);
        if (lane.isBusy()) {
          leaving.put(partition, lane);
        }
      }
    }
    return gone;
  }

  /** Their last calls, but for such as have taken too long already. */
  private void awaitCalls(Collection<Lane<K, V>> cancelled, long untilNanos) {
    while (true) {
      long now = clock.nanoTime();
      long longest = 0;
      for (Lane<K, V> lane : cancelled) {
        if (lane.isBusy() && lane.busyNanos(now) <= limits.callNanos()) {
          longest = Math.max(longest, limits.callNanos() - lane.busyNanos(now) + 1);
        }
      }
      long leftNanos = Math.min(longest, untilNanos - now);
      if (leftNanos <= 0) {
        return;
      }
      rest(leftNanos);
    }
  }

  private void rest(long nanos) {
    try {
      rest.await(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException("interrupted while waiting for handlers", e);
    }
  }

  // ---- The end ---------------------------------------------------------------------------------

  private void end() {
    lanes.values().forEach(Lane::cancel); // before the first is waited for
    try {
      long leftNanos = Math.max(0, stopAtNanos - clock.nanoTime());
      consumer.close(Duration.ofNanos(leftNanos + LEAVE_NANOS)); // revokes all
    } catch (RuntimeException e) {
      log.error("the consumer could not be closed in order", e);
    } finally {
      MillraceException why = failure.get();
      if (why == null) {
        ended.complete(true); // nobody hears it who has been told before
      } else {
        ended.completeExceptionally(why);
      }
      dispatcher.stop();
    }
  }
}
