package io.millrace.server.replica;

import io.millrace.rpc.SafetyRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A partition's leader in one epoch: what its followers' fetches prove, how far all is committed,
 * and which change of the in-sync and eligible sets it wants. Made anew for every epoch, because
 * positions of earlier ones prove nothing. Owner: the loop of the partition.
 *
 * <p>Sections 4.1 to 4.5 of the semantics, and "In-sync changes" of the coordination document. What
 * must hold at any time: a record is committed only if every set that may stand in ZooKeeper has it
 * in all its members; so whoever of them is elected next has it.
 *
 * <p>Fetches and appends allocate nothing.
 */
public final class LeaderReplica {
  /**
   * @param minInSync the topic's minimum; with fewer in sync nothing is committed
   * @param level the topic's durability, by which consumers see records
   * @param lagNanos a member that has lacked something for so long leaves the in-sync set
   */
  public record Settings(int minInSync, Level level, long lagNanos) {}

  /**
   * The leader's own log.
   *
   * @param epochStart first offset of the epoch: the log's end at the election
   * @param highWatermark as known from earlier epochs
   */
  public record Log(long epochStart, long end, long flushedEnd, long highWatermark) {}

  /** A change that could not be written is not tried again at once. */
  static final long RETRY_NANOS = 100_000_000;

  /**
   * The high watermark waits so long for a follower that is about to join. Otherwise, with steady
   * traffic and nobody else to wait for, it would stay ahead of that follower for ever.
   */
  static final long JOINER_PATIENCE_NANOS = 500_000_000;

  private final int self;
  private final int epoch;
  private final long epochStart;

  private Settings settings;
  private PartitionState confirmed;
  private @Nullable SetsChange change;
  private boolean isAwaited;
  private boolean isDeposed;
  private @Nullable Long notBeforeNanos;
  private Map<Integer, Integer> live;
  private long nowNanos;

  private long logEnd;
  private long flushedEnd;
  private final CommittedEnds committed;
  private final Followers followers;

  /** Derived from the sets; anew whenever they change. */
  private Standing standing;

  /**
   * @param elected as this epoch began: names this replica as the leader
   * @param liveIncarnations see {@link #onBrokers}
   */
  public LeaderReplica(
      int self,
      PartitionState elected,
      Settings settings,
      Log log,
      Map<Integer, Integer> liveIncarnations,
      long timeNanos) {
    this(
        new LeaderSnapshot(
            self,
            elected.leaderEpoch(),
            log.epochStart(),
            elected,
            settings,
            null,
            false,
            false,
            log.end(),
            log.flushedEnd(),
            log.highWatermark(),
            Math.min(log.highWatermark(), log.epochStart()),
            0,
            List.of(),
            liveIncarnations,
            timeNanos,
            null));
    if (elected.leader() != self || !elected.inSync().contains(self)) {
      throw new IllegalArgumentException(self + " does not lead: " + elected);
    }
  }

  /** As it was. */
  public static LeaderReplica of(LeaderSnapshot snapshot) {
    return new LeaderReplica(snapshot);
  }

  private LeaderReplica(LeaderSnapshot from) {
    if (from.highWatermark() > from.logEnd() || from.flushedEnd() > from.logEnd()) {
      throw new IllegalArgumentException("behind the log's end: " + from);
    }
    self = from.self();
    epoch = from.epoch();
    epochStart = from.epochStart();
    settings = from.settings();
    confirmed = from.confirmed();
    change = from.change();
    isAwaited = from.isAwaited();
    isDeposed = from.isDeposed();
    notBeforeNanos = from.notBeforeNanos();
    live = from.live();
    nowNanos = from.nowNanos();
    logEnd = from.logEnd();
    flushedEnd = from.flushedEnd();
    committed = new CommittedEnds(from.highWatermark(), from.standardEnd(), from.syncedEnd());
    followers = new Followers(from.followers());
    followers.become(confirmed.replicas(), self, nowNanos);
    standing = Standing.of(confirmed, change, settings.minInSync());
    followers.count(standing.counted());
    advance();
  }

  /** The topic's settings have changed. What is committed stays so. */
  public void configure(Settings now, long timeNanos) {
    nowNanos = timeNanos;
    settings = now;
    onSetsChanged();
  }

  /** The log ends further on. */
  public void onAppended(long end) {
    if (end < logEnd) {
      throw new IllegalStateException("a leader's log was cut from " + logEnd + " to " + end);
    }
    logEnd = end;
    advance();
  }

  /** All below is on this replica's disk. */
  public void onFlushed(long end) {
    flushedEnd = Math.max(flushedEnd, Math.min(end, logEnd));
    advance();
  }

  /**
   * A follower has asked for what is at an offset, and so holds all before. The caller has made
   * sure that it believes in this epoch, is in its present life, and does not diverge.
   */
  public void onFetch(
      int broker, int incarnation, long offset, long flushedOffset, long timeNanos) {
    nowNanos = timeNanos;
    FollowerProgress follower = followers.find(broker);
    if (follower == null || offset > logEnd) {
      return;
    }
    if (follower.onFetch(incarnation, offset, flushedOffset, logEnd, timeNanos)) {
      advance();
    }
  }

  /**
   * Whether a follower has room for what it was given last. Told before each of its fetches.
   *
   * <p>One that has none is not waited for, neither as a member nor as one that is about to join:
   * room may be hours away, and everybody else would stand still for the lag time.
   */
  public void onRoom(int broker, int incarnation, boolean hasRoom) {
    FollowerProgress follower = followers.find(broker);
    if (follower != null) {
      follower.onRoom(incarnation, hasRoom);
    }
  }

  /**
   * Brokers that are up, with their incarnations: their live nodes stand, and they are not
   * suspected of being dead. A member that is not among them leaves; a wrong suspicion costs two
   * writes and no safety.
   */
  public void onBrokers(Map<Integer, Integer> liveIncarnations, long timeNanos) {
    nowNanos = timeNanos;
    live = Map.copyOf(liveIncarnations);
    advance();
  }

  /** A follower is about to stop, and must leave the in-sync set before; in this life of it. */
  public void onLeaveAsked(int broker, int incarnation) {
    FollowerProgress follower = followers.find(broker);
    if (follower != null) {
      follower.onLeaveAsked(incarnation);
    }
  }

  /** What the partition's node says now, from anywhere; older readings change nothing. */
  public void onState(PartitionState seen) {
    if (seen.version() <= confirmed.version()) {
      return;
    }
    isDeposed =
        isDeposed
            || seen.leader() != confirmed.leader()
            || seen.leaderIncarnation() != confirmed.leaderIncarnation()
            || seen.leaderEpoch() != confirmed.leaderEpoch()
            || !seen.inSync().contains(self);
    if (change != null && seen.version() > change.expectedVersion()) {
      change = null; // written or never to be: the version it depends on is over
    }
    confirmed = seen;
    followers.become(seen.replicas(), self, nowNanos);
    onSetsChanged();
  }

  /** What became of the change that was sent: exactly one for each. */
  public void onOutcome(SetsOutcome outcome, long timeNanos) {
    nowNanos = timeNanos;
    isAwaited = false;
    if (outcome instanceof SetsOutcome.Written written) {
      onState(written.now());
    } else if (outcome instanceof SetsOutcome.Moved moved) {
      onState(moved.now());
    } else {
      notBeforeNanos = timeNanos + RETRY_NANOS;
      if (outcome instanceof SetsOutcome.Refused) {
        change = null;
        onSetsChanged();
      }
      // Unknown: it counts until the version has moved, and is to be sent again.
    }
  }

  /** Consumers see what is below. Never goes back. */
  public long highWatermark() {
    return committed.highWatermark();
  }

  /** What was appended in this epoch below it may be acknowledged at that level. */
  public long committedEnd(Level level) {
    return switch (level) {
      case LEADER -> logEnd;
      case STANDARD -> committed.standardEnd();
      case SYNCED -> committed.syncedEnd();
    };
  }

  /** Members of the smallest set that may stand. */
  public int inSyncCount() {
    return standing.fewest();
  }

  /** Whether an append that needs more than the leader may begin. */
  public boolean hasEnoughInSync() {
    return standing.fewest() >= settings.minInSync();
  }

  /** Whether a replica is in one of the in-sync sets that may stand. */
  public boolean counts(int broker) {
    return standing.counted().contains(broker);
  }

  /** Another life of this broker leads, or another broker: nothing is committed any more. */
  public boolean isDeposed() {
    return isDeposed;
  }

  /**
   * The incarnation of a member to which this leader can hand over: it is up, certainly in sync,
   * and no change of the sets is under way. So it has all that is committed, now and at any time
   * until it leads.
   *
   * @param endOffset it has all below as well, be that committed or not
   */
  public Optional<Integer> successor(int broker, long endOffset) {
    FollowerProgress follower = followers.find(broker);
    if (follower == null || isDeposed || change != null || isAwaited) {
      return Optional.empty();
    }
    boolean isReady =
        confirmed.inSync().contains(broker)
            && isUp(follower)
            && !follower.hasAskedToLeave()
            && follower.hasFetched()
            && follower.offset() >= endOffset;
    return isReady ? Optional.of(follower.incarnation()) : Optional.empty();
  }

  /**
   * What to do about the sets now, if anything. To be asked after everything that happens to this
   * leader, and now and then; the last change must have had its outcome.
   */
  public @Nullable Want want(long timeNanos) {
    nowNanos = timeNanos;
    followers.onTime(logEnd, timeNanos);
    advance();
    if (isDeposed || isAwaited || (notBeforeNanos != null && timeNanos - notBeforeNanos < 0)) {
      return null;
    }
    if (change != null) {
      return new Want.Write(change); // of unknown outcome: the same, on the same version
    }
    return want();
  }

  /** The change is on its way: from here on both the old sets and the new ones may stand. */
  public void onSent(SetsChange sent) {
    if (isAwaited
        || !new Want.Write(sent).equals(change == null ? want() : new Want.Write(change))) {
      throw new IllegalStateException("not what was wanted: " + sent);
    }
    change = sent;
    isAwaited = true;
    notBeforeNanos = null;
    onSetsChanged();
  }

  private @Nullable Want want() {
    Map<Integer, String> leaving = new TreeMap<>();
    Map<Integer, Integer> admitted = new TreeMap<>();
    for (FollowerProgress follower : followers.all()) {
      if (confirmed.inSync().contains(follower.broker)) {
        String why = whyLeave(follower);
        if (why != null) {
          leaving.put(follower.broker, why);
        }
      } else if (mayJoin(follower)) {
        admitted.put(follower.broker, follower.incarnation());
      }
    }
    Set<Integer> joining = new TreeSet<>(admitted.keySet());
    SetsPlan plan = SetsPlan.of(confirmed, self, settings.minInSync(), leaving, joining);
    if (plan == null) {
      return null;
    }
    if (plan.isSole(self) && flushedEnd < neededOnDiskAlone()) {
      return new Want.FlushFirst(neededOnDiskAlone());
    }
    return new Want.Write(
        new SetsChange(
            confirmed.version(),
            epoch,
            plan.inSync(),
            plan.eligible(),
            plan.soleFlushed(),
            admitted,
            plan.why()));
  }

  private @Nullable String whyLeave(FollowerProgress follower) {
    if (follower.hasAskedToLeave()) {
      return "it is stopping";
    }
    if (!live.containsKey(follower.broker)) {
      return "it is not live";
    }
    if (follower.hasFetched() && follower.offset() < committed.highWatermark()) {
      return "it has lost committed records";
    }
    if (follower.lacksRoom() && follower.offset() < logEnd) {
      return "there is no room on its disk";
    }
    return follower.behindNanos(logEnd, nowNanos) >= settings.lagNanos()
        ? "not caught up for " + settings.lagNanos() / 1_000_000 + " ms"
        : null;
  }

  /** At or past the high watermark and the epoch's first offset, in its present life. */
  private boolean mayJoin(FollowerProgress follower) {
    if (!isJoiner(follower)) {
      return false;
    }
    long holds = joinsBy(follower);
    return holds >= committed.highWatermark() && (holds >= epochStart || SafetyRule.R4.isLeftOut());
  }

  private boolean isJoiner(FollowerProgress follower) {
    return follower.hasFetched()
        && isUp(follower)
        && !follower.hasAskedToLeave()
        && !follower.lacksRoom();
  }

  private long joinsBy(FollowerProgress follower) {
    return settings.level() == Level.SYNCED && !SafetyRule.H11.isLeftOut()
        ? follower.flushedOffset()
        : follower.offset();
  }

  private boolean isUp(FollowerProgress follower) {
    Integer life = live.get(follower.broker);
    return life != null && life == follower.incarnation();
  }

  /**
   * What the only member must have forced. Its log up to the epoch's first offset too: earlier
   * leaders may have committed that although this one does not know.
   */
  private long neededOnDiskAlone() {
    // At the leader's level consumers see what no disk has, by the topic's own choice.
    long shown =
        settings.level() == Level.LEADER ? committed.standardEnd() : committed.highWatermark();
    return SafetyRule.H3.isLeftOut() ? shown : Math.max(shown, epochStart);
  }

  private void onSetsChanged() {
    standing = Standing.of(confirmed, change, settings.minInSync());
    followers.count(standing.counted());
    advance();
  }

  private void advance() {
    if (!isDeposed && standing.mayAdvance()) {
      committed.advance(
          followers.counted(),
          standing.maySole(),
          settings.level(),
          logEnd,
          flushedEnd,
          joinersFloor());
    }
  }

  /** Where the high watermark waits for those about to join; no bound when there is nobody. */
  private long joinersFloor() {
    long floor = Long.MAX_VALUE;
    for (FollowerProgress follower : followers.outside()) {
      if (isJoiner(follower)
          && follower.behindNanos(logEnd, nowNanos) < settings.lagNanos()
          && follower.silentNanos(nowNanos) < JOINER_PATIENCE_NANOS) {
        floor = Math.min(floor, joinsBy(follower));
      }
    }
    return floor;
  }

  /** Everything about it. */
  public LeaderSnapshot snapshot() {
    return new LeaderSnapshot(
        self,
        epoch,
        epochStart,
        confirmed,
        settings,
        change,
        isAwaited,
        isDeposed,
        logEnd,
        flushedEnd,
        committed.highWatermark(),
        committed.standardEnd(),
        committed.syncedEnd(),
        followers.snapshots(),
        live,
        nowNanos,
        notBeforeNanos);
  }
}
