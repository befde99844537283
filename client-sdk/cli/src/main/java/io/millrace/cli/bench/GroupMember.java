package io.millrace.cli.bench;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One member of a group that is measured: reads, and commits now and then, on a thread of its own.
 * The main thread starts it, ends it, and looks at what it tells.
 */
final class GroupMember implements RebalanceListener {
  private static final Duration POLL = Duration.ofMillis(100);

  /**
   * What a member does besides polling.
   *
   * @param commitNanos how often it commits; 0: never
   * @param isIdle it pauses what it gets: a member and nothing else
   */
  record Habits(long commitNanos, boolean isIdle) {}

  private final String topic;
  private final Supplier<Consumer<ByteBuffer, ByteBuffer>> opener;
  private final Habits habits;
  private final Deliveries deliveries;
  private final Tasks.Worker worker;
  private final Clock clock;
  private final boolean isStatic;

  // Its own thread's.
  private final Set<Integer> holding = new HashSet<>();
  private @Nullable Consumer<ByteBuffer, ByteBuffer> consumer;
  private boolean commits;
  private long committedNanos;

  // Told by its own thread, read by others.
  private volatile Set<Integer> held = Set.of();
  private volatile long firstRecordNanos;
  private volatile boolean hasRead;
  private final AtomicLong failedCommits = new AtomicLong();
  private final Pauses records = new Pauses();
  private final Pauses commitPauses = new Pauses();
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

  /** Others ask it for its figures, which any thread may. */
  private volatile @Nullable Consumer<ByteBuffer, ByteBuffer> figures;

  // Told by others.
  private volatile boolean ending;

  /**
   * @param settings have its group; a name of its own makes it one that is lost when it ends
   */
  GroupMember(
      String topic,
      ConsumerSettings settings,
      Supplier<Consumer<ByteBuffer, ByteBuffer>> opener,
      Habits habits,
      Deliveries deliveries,
      Tasks tasks,
      String name) {
    this.topic = topic;
    this.isStatic = settings.groupInstanceId().isPresent();
    this.opener = opener;
    this.habits = habits;
    this.deliveries = deliveries;
    this.clock = tasks.clock();
    this.worker = tasks.worker(name);
  }

  void start() {
    worker.execute(
        () -> {
          try {
            run();
            ended.complete(true);
          } catch (Throwable e) {
            // Whatever it is, no memory or no handle left too: the main thread waits and tells.
            ended.completeExceptionally(e);
          } finally {
            held = Set.of();
            worker.stop();
          }
        });
  }

  private void run() {
    // Closing leaves the group, and with a name of its own only stops.
    try (Consumer<ByteBuffer, ByteBuffer> open = opener.get()) {
      consumer = open;
      figures = open;
      open.subscribe(List.of(topic), this);
      while (!ending) {
        take(open);
        commitNowAndThen(open);
      }
    }
  }

  private void take(Consumer<ByteBuffer, ByteBuffer> open) {
    var polled = open.poll(POLL);
    long now = clock.nanoTime();
    for (ConsumerRecord<ByteBuffer, ByteBuffer> record : polled) {
      ByteBuffer value = record.value();
      deliveries.delivered(
          record.partition(), record.offset(), value == null ? 0 : value.remaining(), now);
    }
    if (!polled.isEmpty()) {
      records.happened(now);
      if (!hasRead) {
        firstRecordNanos = now;
        hasRead = true;
      }
    }
  }

  private void commitNowAndThen(Consumer<ByteBuffer, ByteBuffer> open) {
    long now = clock.nanoTime();
    if (habits.commitNanos() == 0
        || commits
        || !hasRead
        || holding.isEmpty()
        || now - committedNanos < habits.commitNanos()) {
      return;
    }
    commits = true;
    committedNanos = now;
    open.commitAsync(
        (offsets, error) -> {
          commits = false;
          if (error == null) {
            commitPauses.happened(clock.nanoTime());
          } else {
            failedCommits.incrementAndGet();
          }
        });
  }

  // ---- Its own thread, within poll and close ---------------------------------------------------

  @Override
  public void onAssigned(Collection<TopicPartition> partitions) {
    if (habits.isIdle() && consumer != null) {
      consumer.pause(partitions);
    }
    partitions.forEach(each -> holding.add(each.partition()));
    held = Set.copyOf(holding);
  }

  @Override
  public void onRevoked(Collection<TopicPartition> partitions) {
    if (habits.commitNanos() > 0 && hasRead && consumer != null) {
      try {
        consumer.commitSync();
      } catch (MillraceException e) {
        failedCommits.incrementAndGet(); // the next one reads some records again
      }
    }
    onLost(partitions);
  }

  @Override
  public void onLost(Collection<TopicPartition> partitions) {
    partitions.forEach(each -> holding.remove(each.partition()));
    held = Set.copyOf(holding);
  }

  // ---- The main thread -------------------------------------------------------------------------

  /** Asks it to end with its next poll, which {@link #ended} tells of. */
  void end() {
    ending = true;
  }

  /** Fails with what the client reported, when that ended it. */
  CompletableFuture<Boolean> ended() {
    return ended;
  }

  boolean isStatic() {
    return isStatic;
  }

  Set<Integer> held() {
    return held;
  }

  boolean hasRead() {
    return hasRead;
  }

  long firstRecordNanos() {
    return firstRecordNanos;
  }

  long failedCommits() {
    return failedCommits.get();
  }

  Pauses records() {
    return records;
  }

  Pauses commits() {
    return commitPauses;
  }

  /** Requests it has sent to brokers so far. */
  long requests() {
    Consumer<ByteBuffer, ByteBuffer> open = figures;
    return open == null
        ? 0
        : open.metrics().stream()
            .filter(each -> each.name().equals("connection.requests"))
            .mapToLong(each -> each.value())
            .sum();
  }
}
