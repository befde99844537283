package io.millrace.server.partition;

import io.millrace.rpc.EventLoop;
import io.millrace.wire.BatchValidator;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that one event loop owns, and the door to them for everybody else.
 *
 * <p>Owner: the loop. What says so may be called from any thread.
 */
public final class Shard {
  private static final long EXPIRY_NANOS = 250_000_000;
  private static final long WATCH_NANOS = 250_000_000;
  private static final int MAILBOX_CAPACITY = 65_536;

  private final EventLoop loop;
  private final Mailbox mailbox;
  private final Function<PartitionId, Refusal> whyNotHere;

  // The loop only.
  private final Map<PartitionId, Partition> partitions = new HashMap<>();
  private final Map<PartitionId, Refusal> offline = new HashMap<>();
  private List<Partition> appending = new ArrayList<>();
  private List<Partition> appendingNext = new ArrayList<>();
  private final List<Runnable> wakes = new ArrayList<>();
  private boolean turnEnds;
  private final Set<Partition> awaited = new LinkedHashSet<>();
  private final Set<Partition> watched = new LinkedHashSet<>();
  private final BatchValidator validator = new BatchValidator();
  private int rotation;
  private final Map<String, Traffic> trafficByTopic = new HashMap<>();
  private final Traffic departed = new Traffic();

  /**
   * @param whyNotHere what to answer for a partition that is not open here; safe for any thread
   */
  public Shard(EventLoop loop, Function<PartitionId, Refusal> whyNotHere) {
    this.loop = loop;
    this.mailbox = new Mailbox(loop, MAILBOX_CAPACITY);
    this.whyNotHere = whyNotHere;
  }

  /** Any thread. */
  public EventLoop loop() {
    return loop;
  }

  /**
   * Any thread: runs new work on the loop, at once when this is the loop.
   *
   * @return false, and nothing done, when the owner is too far behind
   */
  public boolean offer(Runnable work) {
    if (loop.inLoop()) {
      work.run();
      return true;
    }
    return mailbox.offer(work);
  }

  /** Any thread: as {@link #offer}, for what somebody waits for already; never refused. */
  public void deliver(Runnable message) {
    if (loop.inLoop()) {
      message.run();
    } else {
      mailbox.deliver(message);
    }
  }

  public void add(Partition partition) {
    loop.assertInLoop();
    if (partitions.putIfAbsent(partition.id(), partition) != null) {
      throw new IllegalStateException(partition.id() + " is open already");
    }
    offline.remove(partition.id()); // an earlier try to open it may have failed
    partition.enter(this, traffic(partition.id().topicId()));
  }

  public void remove(PartitionId id) {
    loop.assertInLoop();
    partitions.remove(id);
    offline.remove(id);
  }

  /** Its log could not be opened; whoever asks for it is told why. */
  public void markOffline(PartitionId id, String why) {
    loop.assertInLoop();
    offline.put(
        id, new Refusal(ErrorCode.STORAGE_FAILED, id + " is offline on this broker: " + why));
  }

  /** What to answer for a partition that {@link #find} does not find. */
  public Refusal whyAbsent(PartitionId id) {
    Refusal failed = offline.get(id);
    return failed == null ? whyNotHere.apply(id) : failed;
  }

  public @Nullable Partition find(PartitionId id) {
    loop.assertInLoop();
    return partitions.get(id);
  }

  /** Of one that is known to be open. */
  public Partition get(PartitionId id) {
    Partition partition = find(id);
    if (partition == null) {
      throw new IllegalStateException(id + " is not open");
    }
    return partition;
  }

  public Collection<Partition> partitions() {
    loop.assertInLoop();
    return partitions.values();
  }

  /**
   * Takes a share of a produce request. It is written at the end of this turn of the loop, together
   * with whatever else the turn brings for its partition.
   */
  public void append(PartitionId id, ProduceShare share) {
    loop.assertInLoop();
    Partition partition = partitions.get(id);
    if (partition == null) {
      share.listener().onBatchesFree();
      share.listener().onOutcome(new AppendOutcome.Refused(whyAbsent(id)));
    } else if (partition.offer(share, validator)) {
      appending.add(partition);
      endTurnLater();
    }
  }

  /** A share that its partition has held until now; as {@link #append}. */
  void appendHeld(Partition partition, ProduceShare share) {
    if (partition.offerHeld(share, validator)) {
      appending.add(partition);
      endTurnLater();
    }
  }

  /** What a partition has kept back is written after all, at the end of this turn. */
  void appendKept(Partition partition) {
    appending.add(partition);
    endTurnLater();
  }

  private void endTurnLater() {
    if (!turnEnds) {
      turnEnds = true;
      loop.execute(this::endTurn);
    }
  }

  /** A fetch that may have reason to be woken several times in a turn looks once, at its end. */
  void atEndOfTurn(Runnable wake) {
    wakes.add(wake);
    endTurnLater();
  }

  private void endTurn() {
    List<Partition> turn = appending;
    appending = appendingNext;
    appendingNext = turn;
    for (Partition partition : turn) {
      if (partition.appendOffered() && awaited.add(partition) && awaited.size() == 1) {
        expireLater();
      }
    }
    turn.clear();
    // Whoever is woken may cause others to be: they are the next turn's.
    List<Runnable> woken = List.copyOf(wakes);
    wakes.clear();
    turnEnds = false;
    if (!appending.isEmpty()) {
      endTurnLater();
    }
    woken.forEach(Runnable::run);
  }

  /** Looked at from time to time only: a disk that answers is faster than anybody's patience. */
  private void expireLater() {
    loop.schedule(EXPIRY_NANOS, this::expire);
  }

  private void expire() {
    // Also lets those go whom the disk has answered.
    long now = loop.clock().nanoTime();
    awaited.removeIf(partition -> !partition.expireProducers(now));
    if (!awaited.isEmpty()) {
      expireLater();
    }
  }

  /** Has it look at its followers from time to time, until it says that it does not lead. */
  void watch(Partition partition) {
    if (watched.add(partition) && watched.size() == 1) {
      loop.schedule(WATCH_NANOS, this::keepTime);
    }
  }

  private void keepTime() {
    List.copyOf(watched).stream()
        .filter(partition -> !partition.keepTime())
        .forEach(watched::remove);
    if (!watched.isEmpty()) {
      loop.schedule(WATCH_NANOS, this::keepTime);
    }
  }

  /** Whether shares are still on their way to the disk. */
  public boolean hasWaitingProducers() {
    loop.assertInLoop();
    return !appending.isEmpty() || awaited.stream().anyMatch(Partition::hasWaitingProducers);
  }

  /**
   * What a fetch asks of this shard.
   *
   * @param maxBytes of all its partitions together; the first that has something gives a whole
   *     batch even so
   * @param minBytes with less, and no error, a waiter is left behind, which is still to be armed
   * @param wake for that waiter, on this loop; null when the fetch does not wait any more
   */
  public record Look(
      List<ReadResult.Spec> specs, int maxBytes, int minBytes, @Nullable Runnable wake) {}

  /**
   * What it found.
   *
   * @param results in the order of the specs
   * @param waiter to be cancelled, on this loop, once the fetch ends without having been woken
   */
  public record Found(List<ReadResult> results, @Nullable FetchWaiter waiter) {}

  public Found look(Look look) {
    loop.assertInLoop();
    List<ReadResult.Spec> specs = look.specs();
    int count = specs.size();
    ReadResult[] results = new ReadResult[count];
    // Whoever comes first takes of the budget first, so the first is another one each time.
    int first = count > 1 ? Math.floorMod(rotation++, count) : 0;
    long bytes = 0;
    boolean answerNow = false;
    for (int i = 0; i < count; i++) {
      int index = (first + i) % count;
      ReadResult result = read(specs.get(index), look.maxBytes() - bytes, bytes == 0, true);
      results[index] = result;
      if (result instanceof ReadResult.Served served) {
        bytes += served.sizeBytes();
        answerNow |= served.heldBack();
      } else {
        answerNow = true;
      }
    }
    Runnable wake = look.wake();
    FetchWaiter waiter = null;
    if (wake != null && !answerNow && bytes < look.minBytes()) {
      waiter = new FetchWaiter(() -> atEndOfTurn(wake));
      for (ReadResult.Spec spec : specs) {
        Partition partition = partitions.get(spec.id());
        if (partition != null) {
          waiter.waitFor(partition);
        }
      }
    }
    return new Found(List.of(results), waiter);
  }

  /** What this loop counts of a topic: of those that exist only, so their number is bounded. */
  public Traffic traffic(String topicId) {
    loop.assertInLoop();
    return trafficByTopic.computeIfAbsent(topicId, id -> new Traffic());
  }

  /** Its partitions as they are now. */
  public List<PartitionReading> readings() {
    loop.assertInLoop();
    return partitions.values().stream().map(Partition::reading).toList();
  }

  /** How many partitions could not be opened. */
  public int unopened() {
    loop.assertInLoop();
    return offline.size();
  }

  /** Messages from other loops that wait for this one. Any thread. */
  public int mailboxDepth() {
    return mailbox.depth();
  }

  /**
   * For the metrics: what is here, and what went in and out.
   *
   * @param exists of a topic's id; what was counted of others is kept as one sum
   */
  public ShardReading read(Predicate<String> exists) {
    loop.assertInLoop();
    List<PartitionReading> readings = new ArrayList<>(partitions.size());
    Set<String> open = new HashSet<>();
    for (Partition partition : partitions.values()) {
      readings.add(partition.reading());
      open.add(partition.id().topicId());
    }
    Map<String, TrafficReading> traffic = new HashMap<>();
    for (Iterator<Map.Entry<String, Traffic>> all = trafficByTopic.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<String, Traffic> each = all.next();
      if (open.contains(each.getKey()) || exists.test(each.getKey())) {
        traffic.put(each.getKey(), each.getValue().read());
      } else {
        departed.add(each.getValue());
        all.remove();
      }
    }
    return new ShardReading(readings, offline.size(), traffic, departed.read());
  }

  /**
   * What one partition gives.
   *
   * @param isFirstLook of a fetch: only then it proves how far a replica has come
   */
  ReadResult read(
      ReadResult.Spec spec, long budget, boolean wholeBatchAnyway, boolean isFirstLook) {
    Partition partition = partitions.get(spec.id());
    return partition == null
        ? new ReadResult.Refused(whyAbsent(spec.id()), 0, 0)
        : partition.read(spec, budget, wholeBatchAnyway, isFirstLook);
  }

  /** Answers on this loop, once the disk has the new start. */
  public void trim(Trimming trimming, Consumer<Trimming.Answer> then) {
    loop.assertInLoop();
    Partition partition = partitions.get(trimming.id());
    if (partition == null) {
      then.accept(new Trimming.Answer.Refused(whyAbsent(trimming.id())));
    } else {
      partition.trim(trimming, then);
    }
  }

  /** Answers on this loop: at once, or later when the disk has to be asked. */
  public void findOffset(OffsetQuery query, Consumer<OffsetQuery.Answer> then) {
    loop.assertInLoop();
    Partition partition = partitions.get(query.id());
    if (partition == null) {
      then.accept(new OffsetQuery.Answer.Refused(whyAbsent(query.id())));
    } else {
      partition.findOffset(query, then);
    }
  }
}
