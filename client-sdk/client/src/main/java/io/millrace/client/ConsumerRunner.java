package io.millrace.client;

import io.millrace.client.consumer.ThreadWait;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.run.Gate;
import io.millrace.client.run.PollLoop;
import io.millrace.client.run.Receipts;
import io.millrace.client.run.RunLimits;
import io.millrace.client.run.Work;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Reads topics for a group and calls a handler for each record, or for several: the records of a
 * partition in their order and one call after another, several partitions at the same time.
 *
 * <pre>{@code
 * ConsumerSettings settings = ConsumerSettings.builder("zk1:2181/millrace").groupId("mail").build();
 * try (ConsumerRunner runner =
 *     ConsumerRunner.builder(settings, Deserializers.string(), Deserializers.string())
 *         .topics("orders")
 *         .start(record -> System.out.println(record.key() + " " + record.value()))) {
 *   runner.awaitEnd();
 * }
 * }</pre>
 *
 * <p><b>Guarantee: at least once.</b> A record is committed only when its handler has returned, and
 * those before it in its partition have been handled too, or were given up by the {@link
 * FailurePolicy}. Handled twice may be:
 *
 * <ul>
 *   <li>after a crash of the process, its machine or its connections for longer than {@code
 *       session.timeout.ms}: what was handled since the last commit ({@link Builder#commitEvery});
 *   <li>after a commit whose outcome is unknown: the same;
 *   <li>when a handler does not return in {@link Builder#handlerTimeout}: the record it is at;
 *   <li>when the handler of a batch throws: the whole batch.
 * </ul>
 *
 * Not after a stop in order, nor when the group moves a partition: it goes only once its last call
 * has ended and been committed. {@code auto.commit} makes no difference here.
 *
 * <p>The polling thread and the heartbeats are not the handlers': a slow handler does not lose the
 * membership. A full queue pauses its partition; a handler that hangs ends the runner.
 *
 * <p>Safe for any thread. Its own threads are daemons: somebody has to wait in {@link #awaitEnd}.
 */
public final class ConsumerRunner implements AutoCloseable {
  private final PollLoop<?, ?> loop;
  private final Consumer<?, ?> consumer;
  private final Duration handlerTimeout;

  private ConsumerRunner(PollLoop<?, ?> loop, Consumer<?, ?> consumer, Duration handlerTimeout) {
    this.loop = loop;
    this.consumer = consumer;
    this.handlerTimeout = handlerTimeout;
  }

  /**
   * Begins to describe a runner.
   *
   * @param settings with a {@code group.id}
   * @throws InvalidSettingException there is none
   */
  public static <K, V> Builder<K, V> builder(
      ConsumerSettings settings, Deserializer<? extends K> keys, Deserializer<? extends V> values) {
    return new Builder<>(
        settings, limits -> ConsumerStart.start(limits, false, keys, values, List.of()));
  }

  /**
   * Begins no other call. Those under way go on; when they have ended, what was handled is
   * committed and the group left. What was read and not handled is read again by others. Does not
   * wait.
   */
  public void stop() {
    loop.stop(handlerTimeout.toNanos());
  }

  /**
   * Waits until the runner has ended.
   *
   * @throws MillraceException what it ended with, unless it was stopped: {@link
   *     io.millrace.client.errors.HandlerFailedException} when a handler failed
   */
  public void awaitEnd() {
    if (!awaitEnd(Duration.ofDays(10_000))) {
      throw new IllegalStateException("the runner has not ended for 27 years");
    }
  }

  /** As above, for at most so long; false when the time is up. */
  public boolean awaitEnd(Duration timeout) {
    try {
      return loop.ended().get(ClientRuntime.nanos(timeout), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      throw ClientRuntime.interrupted("the runner to end", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof MillraceException why) {
        throw why;
      }
      throw new IllegalStateException("the runner failed in a way that nobody foresaw", e);
    }
  }

  /** Ends with {@code true} when the runner was stopped, exceptionally when it failed. */
  public CompletionStage<Boolean> ended() {
    return loop.ended().minimalCompletionStage();
  }

  /** The figures of the consumer below. */
  public List<Metric> metrics() {
    return consumer.metrics();
  }

  /** {@link #close(Duration)} with the handlers' time-out, and 10 s for the rest. */
  @Override
  public void close() {
    close(handlerTimeout.plusSeconds(10));
  }

  /**
   * Stops and waits for the end; calls that take longer than that are left alone, and what they do
   * is not committed. What the runner failed with is told by {@link #awaitEnd}, not here.
   *
   * @throws TimedOutException it has not ended in time, and goes on ending
   */
  public void close(Duration timeout) {
    loop.stop(Math.min(ClientRuntime.nanos(timeout), handlerTimeout.toNanos()));
    try {
      if (!awaitEnd(timeout)) {
        throw new TimedOutException("the runner is still ending after " + timeout);
      }
    } catch (InterruptException | TimedOutException e) {
      throw e;
    } catch (MillraceException e) {
      // Of the run, not of the end.
    }
  }

  /** How a runner is to be. */
  public static final class Builder<K, V> {
    private static final int MAX_THREADS = 1_000;
    private static final int MAX_QUEUED = 1_000_000;

    private final ConsumerSettings settings;
    private final Function<ConsumerSettings, Consumer<K, V>> consumers;
    private Set<String> topics = Set.of();
    private List<TopicPattern> patterns = List.of();
    private int concurrency = 4;
    private int queuedRecords = 1_000;
    private Duration commitEvery = Duration.ofSeconds(1);
    private int commitAfter = 10_000;
    private Duration handlerTimeout;
    private FailurePolicy<K, V> onFailure = FailurePolicy.stop();

    Builder(ConsumerSettings settings, Function<ConsumerSettings, Consumer<K, V>> consumers) {
      if (settings.groupId().isEmpty()) {
        throw new InvalidSettingException("group.id", "group.id must be given for a runner");
      }
      this.settings = settings;
      this.consumers = consumers;
      this.handlerTimeout = settings.maxPollInterval().multipliedBy(4).dividedBy(5);
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

    /** All topics that match one of these, 1 to 100; takes the place of {@link #topics}. */
    public Builder<K, V> patterns(TopicPattern... matching) {
      patterns = List.of(matching);
      topics = Set.of();
      return this;
    }

    /** How many handlers may run at the same time, each in a thread: 1 to 1,000; default: 4. */
    public Builder<K, V> concurrency(int threads) {
      concurrency = within("concurrency", threads, MAX_THREADS);
      return this;
    }

    /**
     * How many records of one partition may wait for their handler: 1 to 1,000,000, exceeded by
     * what one poll returns; default: 1,000. A partition that has more is not read on until half of
     * them have been handled.
     */
    public Builder<K, V> queuedRecords(int most) {
      queuedRecords = within("queuedRecords", most, MAX_QUEUED);
      return this;
    }

    /** What was handled is committed so often; default: 1 s. */
    public Builder<K, V> commitEvery(Duration interval) {
      commitEvery = positive("commitEvery", interval);
      return this;
    }

    /** Or sooner, after about so many records; default: 10,000. */
    public Builder<K, V> commitAfter(int records) {
      commitAfter = within("commitAfter", records, Integer.MAX_VALUE);
      return this;
    }

    /**
     * How long one call may take. One that takes longer ends the runner with {@link
     * io.millrace.client.errors.HandlerFailedException}, so that another member can go on; its
     * thread cannot be ended, and is left alone. Also, for so long a partition that is to move may
     * wait for the call under way, and nothing is polled meanwhile. Default: four fifths of {@code
     * max.poll.interval.ms}, 4 min; must be less than that interval.
     */
    public Builder<K, V> handlerTimeout(Duration longest) {
      if (longest.compareTo(settings.maxPollInterval()) >= 0) {
        throw new IllegalArgumentException(
            "handlerTimeout is "
                + longest
                + " but may be: less than max.poll.interval.ms, "
                + settings.maxPollInterval());
      }
      handlerTimeout = positive("handlerTimeout", longest);
      return this;
    }

    /** What to do when a handler throws; default: {@link FailurePolicy#stop}. */
    public Builder<K, V> onFailure(FailurePolicy<K, V> policy) {
      onFailure = policy;
      return this;
    }

    /** Begins to read, and to call the handler for each record. */
    public ConsumerRunner start(RecordHandler<K, V> handler) {
      return start(
          new Work<>((partition, records) -> handler.handle(records.get(0)), 1, onFailure, true));
    }

    /**
     * Begins to read, and to call the handler for what there is of a partition.
     *
     * @param mostRecords of one call: 1 to 1,000,000
     */
    public ConsumerRunner startBatches(int mostRecords, BatchHandler<K, V> handler) {
      within("mostRecords", mostRecords, MAX_QUEUED);
      return start(new Work<>(handler::handle, mostRecords, onFailure, true));
    }

    private ConsumerRunner start(Work<K, V> work) {
      if (topics.isEmpty() && patterns.isEmpty()) {
        throw new IllegalStateException("a runner has to be told which topics to read");
      }
      Consumer<K, V> consumer = consumers.apply(settings);
      Tasks tasks = new SystemTasks();
      List<Tasks.Worker> handlers = new ArrayList<>();
      for (int i = 0; i < concurrency; i++) {
        handlers.add(tasks.worker(settings.clientId() + "-handler-" + i));
      }
      Set<String> wanted = topics;
      List<TopicPattern> matching = patterns;
      PollLoop<K, V> loop =
          new PollLoop<>(
              consumer,
              listener -> {
                if (matching.isEmpty()) {
                  consumer.subscribe(wanted, listener);
                } else {
                  consumer.subscribeToPatterns(matching, listener);
                }
              },
              new RunLimits(
                  queuedRecords, commitEvery.toNanos(), commitAfter, handlerTimeout.toNanos()),
              work,
              Gate.OPEN,
              handlers,
              new ThreadWait(),
              tasks.clock(),
              new Receipts(false));
      loop.start(tasks.worker(settings.clientId() + "-poll"));
      return new ConsumerRunner(loop, consumer, handlerTimeout);
    }

    private static int within(String name, int value, int most) {
      if (value < 1 || value > most) {
        throw new IllegalArgumentException(name + " is " + value + " but may be: 1 to " + most);
      }
      return value;
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " is " + value + " but may be: more than 0");
      }
      return value;
    }
  }
}
