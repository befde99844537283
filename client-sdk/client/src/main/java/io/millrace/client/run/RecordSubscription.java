package io.millrace.client.run;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Tasks;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscriber's demand, and what it is told. Requests and cancellation come from any thread;
 * signals go out on the one handler thread, so never two at a time.
 */
public final class RecordSubscription<K, V> implements Flow.Subscription, Gate, Work.Call<K, V> {
  private static final Logger log = LoggerFactory.getLogger(RecordSubscription.class);

  private final AtomicLong demand = new AtomicLong();
  private final Tasks.Worker signals;
  private final long callNanos;
  private volatile Flow.@Nullable Subscriber<? super ConsumerRecord<K, V>> subscriber;
  private volatile @Nullable PollLoop<K, V> loop;
  private volatile @Nullable IllegalArgumentException badRequest;
  private volatile boolean isCancelled;

  /**
   * @param signals the handler thread
   * @param callNanos {@code onNext} may take so long
   */
  public RecordSubscription(
      Flow.Subscriber<? super ConsumerRecord<K, V>> subscriber,
      Tasks.Worker signals,
      long callNanos) {
    this.subscriber = subscriber;
    this.signals = signals;
    this.callNanos = callNanos;
  }

  /** What it was read with ends: so does the subscription. */
  public void follow(PollLoop<K, V> reads) {
    loop = reads;
    var unused = reads.ended().whenComplete((stopped, e) -> signals.execute(() -> tellEnd(e)));
    if (isCancelled || badRequest != null) {
      reads.stop(callNanos);
    }
  }

  public boolean isCancelled() {
    return isCancelled;
  }

  // ---- The subscriber's side -------------------------------------------------------------------

  @Override
  public void request(long n) {
    if (n <= 0 && badRequest == null) {
      badRequest =
          new IllegalArgumentException(
              "a subscriber may request 1 or more, not " + n + " (Reactive Streams, rule 3.9)");
      stop();
    } else if (n > 0) {
      demand.accumulateAndGet(
          n, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
      PollLoop<K, V> reads = loop;
      if (reads != null) {
        reads.kick();
      }
    }
  }

  @Override
  public void cancel() {
    isCancelled = true;
    stop();
  }

  private void stop() {
    PollLoop<K, V> reads = loop;
    if (reads != null) {
      reads.stop(callNanos);
    }
  }

  // ---- The gate --------------------------------------------------------------------------------

  @Override
  public boolean tryTake() {
    return isOpen() && demand.getAndUpdate(RecordSubscription::less) > 0;
  }

  private static long less(long before) {
    return before == 0 || before == Long.MAX_VALUE ? before : before - 1;
  }

  @Override
  public void giveBack() {
    demand.updateAndGet(before -> before == Long.MAX_VALUE ? before : before + 1);
  }

  @Override
  public boolean isOpen() {
    return !isCancelled && badRequest == null && demand.get() > 0;
  }

  // ---- Signals ---------------------------------------------------------------------------------

  @Override
  public void handle(TopicPartition partition, List<ConsumerRecord<K, V>> records) {
    Flow.Subscriber<? super ConsumerRecord<K, V>> to = subscriber;
    if (to == null) {
      throw new IllegalStateException("the subscription has ended");
    }
    try {
      to.onNext(records.get(0));
    } catch (RuntimeException | Error e) {
      // Rule 2.13: it may not; to it nothing more can be said.
      log.error("a subscriber threw at {}: it is told nothing more", records.get(0), e);
      isCancelled = true;
      throw e;
    }
  }

  private void tellEnd(@Nullable Throwable e) {
    Flow.Subscriber<? super ConsumerRecord<K, V>> to = subscriber;
    subscriber = null; // rule 3.13
    if (to == null || isCancelled) {
      return;
    }
    isCancelled = true;
    Throwable why = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    if (badRequest != null) {
      to.onError(badRequest);
    } else if (why != null) {
      to.onError(why);
    } else {
      to.onComplete();
    }
  }
}
