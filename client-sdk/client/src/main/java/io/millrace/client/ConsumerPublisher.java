package io.millrace.client;

import io.millrace.client.consumer.ThreadWait;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.run.PollLoop;
import io.millrace.client.run.Receipts;
import io.millrace.client.run.RecordSubscription;
import io.millrace.client.run.RunLimits;
import io.millrace.client.run.Work;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A group's share of some topics as a {@link Flow.Publisher}, for one subscriber, which gets as
 * many records as it requests and no more: what it does not request is not read either, but for
 * what the queues hold. The records of a partition come in their order.
 *
 * <pre>{@code
 * ConsumerSettings settings = ConsumerSettings.builder("zk1:2181/millrace").groupId("mail").build();
 * ConsumerPublisher<String, String> records =
 *     ConsumerPublisher.builder(settings, Deserializers.string(), Deserializers.string())
 *         .topics("orders")
 *         .build();
 * records.subscribe(mySubscriber);
 * }</pre>
 *
 * <p><b>Guarantee: at least once</b>, in one of two ways. A record counts as handled when {@code
 * onNext} has returned; what a crash interrupts since the last commit comes again. That is a
 * promise about {@code onNext} alone: whoever hands records on to other threads there says {@link
 * Builder#acknowledgeByHand}, and a record counts when {@link #acknowledge} was called for it. Then
 * also what was not acknowledged when its partition goes to another member comes again.
 *
 * <p>Reading begins with {@code subscribe} and ends when the subscriber cancels ({@code onComplete}
 * does not follow), with {@link #close} ({@code onComplete}), or when something fails ({@code
 * onError}). A second subscriber is refused with {@code onError}. Signals come on one thread of the
 * publisher's own. {@code onNext} may block, for less than four fifths of {@code
 * max.poll.interval.ms}: then the group is left.
 */
public final class ConsumerPublisher<K, V>
    implements Flow.Publisher<ConsumerRecord<K, V>>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ConsumerPublisher.class);

  private final Builder<K, V> how;
  private final Duration callTimeout;
  private final Receipts receipts;
  private final AtomicBoolean isTaken = new AtomicBoolean();
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private volatile @Nullable PollLoop<K, V> loop;
  private volatile Tasks.@Nullable Worker signals;
  private volatile boolean isClosing;

  private ConsumerPublisher(Builder<K, V> how) {
    this.how = how;
    this.callTimeout = how.settings.maxPollInterval().multipliedBy(4).dividedBy(5);
    this.receipts = new Receipts(how.byHand);
  }

  /**
   * Begins to describe a publisher.
   *
   * @param settings with a {@code group.id}
   * @throws InvalidSettingException there is none
   */
  public static <K, V> Builder<K, V> builder(
      ConsumerSettings settings, Deserializer<? extends K> keys, Deserializer<? extends V> values) {
    return new Builder<>(
        settings, given -> ConsumerStart.start(given, false, keys, values, List.of()));
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ConsumerRecord<K, V>> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    if (!isTaken.compareAndSet(false, true)) {
      subscriber.onSubscribe(new Refused());
      subscriber.onError(
          new IllegalStateException(
              isClosing
                  ? "this ConsumerPublisher was closed: build another one"
                  : "this ConsumerPublisher has had its one subscriber: build another one with the"
                      + " same group.id, and the two share the partitions"));
      return;
    }
    Tasks tasks = new SystemTasks();
    Tasks.Worker worker = tasks.worker(how.settings.clientId() + "-signals");
    signals = worker;
    RecordSubscription<K, V> subscription =
        new RecordSubscription<>(subscriber, worker, callTimeout.toNanos());
    try {
      subscriber.onSubscribe(subscription);
    } catch (RuntimeException e) {
      log.error("a subscriber threw at onSubscribe: it is told nothing more", e);
      subscription.cancel();
    }
    if (subscription.isCancelled()) {
      worker.stop();
      ended.complete(true);
      return;
    }
    start(subscription, tasks, worker);
  }

  private void start(RecordSubscription<K, V> subscription, Tasks tasks, Tasks.Worker worker) {
    Consumer<K, V> consumer = how.consumers.apply(how.settings);
    PollLoop<K, V> reads =
        new PollLoop<>(
            consumer,
            listener -> how.subscribe(consumer, listener),
            new RunLimits(
                how.queuedRecords,
                how.commitEvery.toNanos(),
                Long.MAX_VALUE,
                callTimeout.toNanos()),
            new Work<>(subscription, 1, FailurePolicy.stop(), !how.byHand),
            subscription,
            List.of(worker),
            new ThreadWait(),
            tasks.clock(),
            receipts);
    loop = reads;
    var unused =
        reads
            .ended()
            .whenComplete(
                (stopped, e) -> {
                  ended.complete(true);
                });
    subscription.follow(reads);
    if (isClosing) {
      reads.stop(callTimeout.toNanos());
    }
    reads.start(tasks.worker(how.settings.clientId() + "-poll"));
  }

  /**
   * The record has been worked on; from any thread, in any order, once for each. It is committed
   * when everything before it in its partition has been acknowledged too. Counts nothing for a
   * record of a partition that has gone.
   *
   * @throws IllegalStateException not built with {@link Builder#acknowledgeByHand}
   */
  public void acknowledge(ConsumerRecord<K, V> record) {
    if (!how.byHand) {
      throw new IllegalStateException(
          "records count as handled when onNext returns; see acknowledgeByHand");
    }
    receipts.acknowledge(record);
  }

  /** {@link #close(Duration)} with the call time-out of the settings. */
  @Override
  public void close() {
    close(how.settings.defaultApiTimeout());
  }

  /**
   * Begins no other {@code onNext}, commits, leaves the group, and completes the subscriber. Waits
   * for that, at most so long; not where it is called by {@code onNext}.
   */
  public void close(Duration timeout) {
    long nanos = ClientRuntime.nanos(timeout);
    isClosing = true; // before the look at the loop: who starts one looks at this afterwards
    if (isTaken.compareAndSet(false, true)) {
      return; // nobody has subscribed, and nobody will
    }
    PollLoop<K, V> reads = loop;
    if (reads != null) {
      reads.stop(Math.min(nanos, callTimeout.toNanos()));
    }
    Tasks.Worker worker = signals;
    if (worker != null && worker.inLoop()) {
      return;
    }
    try {
      ended.get(nanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.info("a publisher is still ending after {}", timeout);
    } catch (InterruptedException e) {
      throw ClientRuntime.interrupted("the publisher to end", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the publisher failed in a way that nobody foresaw", e);
    }
  }

  /** Of whoever comes too late. */
  private record Refused() implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  /** How a publisher is to be. */
  public static final class Builder<K, V> {
    private static final int MAX_QUEUED = 1_000_000;

    private final ConsumerSettings settings;
    private final Function<ConsumerSettings, Consumer<K, V>> consumers;
    private Set<String> topics = Set.of();
    private List<TopicPattern> patterns = List.of();
    private int queuedRecords = 1_000;
    private Duration commitEvery = Duration.ofSeconds(1);
    private boolean byHand;

    Builder(ConsumerSettings settings, Function<ConsumerSettings, Consumer<K, V>> consumers) {
      if (settings.groupId().isEmpty()) {
        throw new InvalidSettingException("group.id", "group.id must be given for a publisher");
      }
      this.settings = settings;
      this.consumers = consumers;
    }

    /** What is read: these or {@link #patterns} must be given. */
    public Builder<K, V> topics(String... names) {
      return topics(List.of(names));
    }

    /** As above. */
    public Builder<K, V> topics(Collection<String> names) {
      topics = new LinkedHashSet<>(names);
      patterns = List.of();
      return this;
    }

    /** All topics whose names match any of these, also such as are made later. */
    public Builder<K, V> patterns(TopicPattern... matching) {
      patterns = List.of(matching);
      topics = Set.of();
      return this;
    }

    private void subscribe(Consumer<K, V> consumer, RebalanceListener listener) {
      if (patterns.isEmpty()) {
        consumer.subscribe(topics, listener);
      } else {
        consumer.subscribeToPatterns(patterns, listener);
      }
    }

    /**
     * How many records of one partition may wait for demand: 1 to 1,000,000, exceeded by what one
     * poll returns; default: 1,000.
     */
    public Builder<K, V> queuedRecords(int most) {
      if (most < 1 || most > MAX_QUEUED) {
        throw new IllegalArgumentException(
            "queuedRecords is " + most + " but may be: 1 to " + MAX_QUEUED);
      }
      queuedRecords = most;
      return this;
    }

    /** What counts as handled is committed so often; default: 1 s. */
    public Builder<K, V> commitEvery(Duration interval) {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException(
            "commitEvery is " + interval + " but may be: more than 0");
      }
      commitEvery = interval;
      return this;
    }

    /**
     * A record counts as handled when {@link ConsumerPublisher#acknowledge} is called for it, not
     * when {@code onNext} returns. No more than 100,000 of one partition are read ahead of the
     * first that was not acknowledged.
     */
    public Builder<K, V> acknowledgeByHand() {
      byHand = true;
      return this;
    }

    /** Contacts nobody before somebody subscribes. */
    public ConsumerPublisher<K, V> build() {
      if (topics.isEmpty() && patterns.isEmpty()) {
        throw new IllegalStateException("a publisher has to be told which topics to read");
      }
      return new ConsumerPublisher<>(this);
    }
  }
}
