package io.millrace.server.partition;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What one follower waits for at one shard. It stays between fetches: a partition is looked at when
 * something happens to it, not because a fetch has come; so an idle one costs nothing.
 *
 * <p>Data is passed on once, and then nothing more until the follower has fetched again: the answer
 * before must have room for it. Owner: the shard's loop.
 */
public final class SessionShare {
  /** All are looked at for what nobody has told when that has been asked for so many times. */
  private static final int SWEEPS_FOR_ALL = 2;

  private static final long UNTOLD = -1;

  /** What a fetch brings for this shard. */
  public record News(
      List<ReadResult.Spec> named, List<PartitionId> dropped, List<Flushed> flushed) {
    public boolean isEmpty() {
      return named.isEmpty() && dropped.isEmpty() && flushed.isEmpty();
    }
  }

  /** More of what the follower holds is on its disk. */
  public record Flushed(PartitionId id, int leaderEpoch, long offset) {}

  /**
   * @param result whose slice is the receiver's to release
   */
  public record Result(ReadResult.Spec spec, ReadResult result) {}

  private final Shard shard;
  private final int maxBytes;
  private final Consumer<List<Result>> then;
  private final Map<PartitionId, Kept> kept = new HashMap<>();
  private Set<Kept> news = new LinkedHashSet<>();
  private Iterator<Kept> sweep = List.<Kept>of().iterator();
  private boolean isOpen;
  private boolean isUrgent;
  private boolean looksAtEndOfTurn;
  private boolean isClosed;

  /** Something would be worth telling; read by the session's loop too, which may be late. */
  private volatile boolean hasQuietNews;

  /**
   * @param maxBytes of what is found at once; the first partition gives a whole batch even so
   * @param then on the shard's loop: data, or that something is wrong, with whatever else there is
   *     to tell; or only that, when it was asked for
   */
  public SessionShare(Shard shard, int maxBytes, Consumer<List<Result>> then) {
    this.shard = shard;
    this.maxBytes = maxBytes;
    this.then = then;
  }

  /** One partition, as it was named last. */
  private final class Kept implements ReplicaWaiter {
    final Partition partition;
    ReadResult.Spec spec;
    boolean isAwaited = true;
    boolean isFirstLook = true;
    long toldHighWatermark;
    long toldStart = UNTOLD;
    long toldFlushWanted;
    boolean isWaitingForLeader;
    long waitsUntilNanos;

    Kept(Partition partition, ReadResult.Spec spec, long toldHighWatermark) {
      this.partition = partition;
      this.spec = spec;
      this.toldHighWatermark = toldHighWatermark;
    }

    @Override
    public void onAppended(long bytes) {
      wakeNow();
    }

    @Override
    public void onVisible() {
      news.add(this);
      hasQuietNews = true;
    }

    @Override
    public void wakeNow() {
      news.add(this);
      isUrgent = true;
      lookAtEndOfTurn();
    }

    /**
     * The follower knows already that this replica leads: it need not ask again and again until
     * that is known here too.
     */
    boolean waitsForLeader() {
      if (!partition.isAwaited(spec.believedEpoch())) {
        return false;
      }
      long now = shard.loop().clock().nanoTime();
      if (!isWaitingForLeader) {
        isWaitingForLeader = true;
        waitsUntilNanos = now + HeldShares.PATIENCE_NANOS;
      }
      return now - waitsUntilNanos < 0;
    }

    boolean hasToTell(ReadResult.Served served) {
      return served.highWatermark() != toldHighWatermark
          || served.startOffset() != toldStart
          || served.flushWantedTo() > toldFlushWanted;
    }

    void isTold(ReadResult.Served served) {
      toldHighWatermark = served.highWatermark();
      toldStart = served.startOffset();
      toldFlushWanted = served.flushWantedTo();
    }
  }

  /** Without data, and with something that the follower has not been told. */
  private record Quiet(Kept of, ReadResult.Served served) {}

  public Shard shard() {
    return shard;
  }

  /** Any thread: whether {@link #tell} may have something to say. */
  public boolean hasQuietNews() {
    return hasQuietNews;
  }

  /** The follower has fetched: it has worked in what was found before, or will say so later. */
  public void onFetch(News brought) {
    shard.loop().assertInLoop();
    brought.dropped().forEach(this::forget);
    brought.flushed().forEach(this::onFlushed);
    List<Result> absent = new ArrayList<>();
    for (ReadResult.Spec spec : brought.named()) {
      Partition partition = shard.find(spec.id());
      if (partition == null) {
        forget(spec.id());
        absent.add(new Result(spec, new ReadResult.Refused(shard.whyAbsent(spec.id()), 0, 0)));
      } else {
        keep(partition, spec);
      }
    }
    isOpen = absent.isEmpty();
    if (!isOpen) {
      then.accept(absent);
    } else if (isUrgent) {
      look(false);
    }
  }

  private void keep(Partition partition, ReadResult.Spec spec) {
    Kept before = kept.get(spec.id());
    if (before != null
        && before.partition == partition
        && before.spec.believedEpoch().equals(spec.believedEpoch())) {
      before.spec = spec;
      before.isAwaited = true;
      before.isFirstLook = true;
      before.isWaitingForLeader = false;
      arm(before);
    } else {
      forget(spec.id());
      FollowerClaim claim = spec.claim();
      Kept now = new Kept(partition, spec, claim == null ? UNTOLD : claim.highWatermark());
      kept.put(spec.id(), now);
      arm(now);
    }
  }

  private void arm(Kept one) {
    one.partition.waiters().add(one);
    news.add(one);
    isUrgent = true;
  }

  private void forget(PartitionId id) {
    Kept gone = kept.remove(id);
    if (gone != null) {
      gone.partition.waiters().remove(gone);
      gone.isAwaited = false;
      news.remove(gone);
    }
  }

  private void onFlushed(Flushed flushed) {
    Kept one = kept.get(flushed.id());
    FollowerClaim claim = one == null ? null : one.spec.claim();
    if (one == null || claim == null || one.isFirstLook) {
      return; // what it says of itself when it is named includes this
    }
    if (one.spec.believedEpoch().orElse(-1) == flushed.leaderEpoch()) {
      FollowerClaim now = claim.flushedTo(Math.min(flushed.offset(), one.spec.offset()));
      one.spec = one.spec.with(now);
      one.partition.onReplicaFlushed(now, one.spec.offset(), flushed.leaderEpoch());
    }
  }

  /**
   * Says what was not worth an answer of its own.
   *
   * @param sweeps also has a look at what nobody tells of; and whatever the follower still waits
   *     for, it stands by, having just fetched: that counts as a fetch of it
   */
  public void tell(boolean sweeps) {
    shard.loop().assertInLoop();
    if (!isOpen) {
      return; // it goes with what is found next
    }
    if (sweeps) {
      if (!sweep.hasNext()) {
        sweep = List.copyOf(kept.values()).iterator();
      }
      int share = kept.size() / SWEEPS_FOR_ALL + 1;
      for (int i = 0; i < share && sweep.hasNext(); i++) {
        Kept next = sweep.next();
        if (next.isAwaited) {
          next.isFirstLook = true;
          news.add(next);
        }
      }
    }
    look(true);
  }

  private void lookAtEndOfTurn() {
    if (isOpen && !looksAtEndOfTurn) {
      looksAtEndOfTurn = true;
      shard.atEndOfTurn(
          () -> {
            looksAtEndOfTurn = false;
            if (isOpen && isUrgent && !isClosed) {
              look(false);
            }
          });
    }
  }

  /**
   * @param alsoQuiet what there is to tell is passed on even without data
   */
  private void look(boolean alsoQuiet) {
    Collection<Kept> looked = news;
    news = new LinkedHashSet<>(); // a look may itself cause news
    isUrgent = false;
    hasQuietNews = false;
    List<Result> results = new ArrayList<>(looked.size());
    List<Quiet> quiet = new ArrayList<>();
    long bytes = 0;
    for (Kept each : looked) {
      if (!each.isAwaited) {
        continue;
      }
      boolean isFirstLook = each.isFirstLook;
      each.isFirstLook = false;
      ReadResult result = shard.read(each.spec, maxBytes - bytes, bytes == 0, isFirstLook);
      if (result instanceof ReadResult.Refused && each.waitsForLeader()) {
        each.isFirstLook = isFirstLook; // it is looked at again as soon as its role changes
      } else if (!(result instanceof ReadResult.Served served)) {
        forget(each.spec.id());
        results.add(new Result(each.spec, result));
      } else if (served.slice().isPresent()) {
        bytes += served.sizeBytes();
        each.isAwaited = false;
        each.partition.waiters().remove(each);
        each.isTold(served);
        results.add(new Result(each.spec, result));
      } else if (served.heldBack()) {
        news.add(each);
        isUrgent = true;
      } else if (each.hasToTell(served)) {
        quiet.add(new Quiet(each, served));
      }
    }
    pass(results, quiet, alsoQuiet);
  }

  private void pass(List<Result> results, List<Quiet> quiet, boolean alsoQuiet) {
    boolean isLast = !results.isEmpty();
    boolean passes = isLast || (alsoQuiet && !quiet.isEmpty());
    for (Quiet each : quiet) {
      if (passes) {
        each.of().isTold(each.served());
        results.add(new Result(each.of().spec, each.served()));
      } else {
        news.add(each.of());
        hasQuietNews = true;
      }
    }
    if (passes) {
      isOpen = !isLast;
      then.accept(results);
    }
  }

  /** Waits for nothing any more. */
  public void close() {
    shard.loop().assertInLoop();
    isClosed = true;
    isOpen = false;
    kept.values().forEach(one -> one.partition.waiters().remove(one));
    kept.clear();
    news.clear();
  }
}
