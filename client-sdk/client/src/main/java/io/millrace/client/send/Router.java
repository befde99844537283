package io.millrace.client.send;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.cluster.Cluster;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Timer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts each partition where it belongs: into the lane of its leader, among those without one, or
 * aside for a pause. On the client's loop, but for {@link #lane}.
 */
final class Router {
  private static final Logger log = LoggerFactory.getLogger(Router.class);

  /** While a leader changes: 3, 6, 12, 24, 48 ms, then as after any failure. */
  private static final long FIRST_LEADER_CHANGE_PAUSE_MILLIS = 3;

  private static final int LEADER_CHANGE_PAUSES = 5;

  private final SendEngine engine;
  private final Cluster cluster;
  private final LongAdder retried;

  /** By broker; changed on the loop, read by anybody. */
  private final Map<Integer, Lane> lanes = new ConcurrentHashMap<>();

  private final Set<PartitionSender> leaderless = new LinkedHashSet<>();
  private @Nullable Timer leaderlessRetry;
  private int leaderlessFailures;

  Router(SendEngine engine, Cluster cluster) {
    this.engine = engine;
    this.cluster = cluster;
    this.retried = cluster.figures().counter(MetricName.BATCHES_RETRIED);
  }

  /** From any thread; null when nothing went to that broker yet. */
  @Nullable Lane lane(int brokerId) {
    return lanes.get(brokerId);
  }

  /** These have something to send, or somebody else to send it to. */
  void route(Iterable<PartitionSender> senders) {
    Set<Lane> touched = new LinkedHashSet<>();
    senders.forEach(sender -> route(sender, touched));
    touched.forEach(Lane::pump);
  }

  private void route(PartitionSender sender, Set<Lane> touched) {
    if (sender.state() == PartitionSender.State.IN_FLIGHT) {
      return;
    }
    leaderless.remove(sender);
    if (sender.queue().isEmpty()) {
      sender.empty();
      return;
    }
    OptionalInt leader = sender.topic().known().leader(sender.partition().partition());
    if (leader.isPresent()) {
      Lane lane = lanes.computeIfAbsent(leader.getAsInt(), id -> new Lane(engine, id));
      sender.ready(lane);
      touched.add(lane);
    } else {
      sender.setTrouble("nobody leads " + sender.partition());
      sender.ready(null);
      leaderless.add(sender);
      cluster.lookAgain(sender.topic().name());
      if (leaderlessRetry == null) {
        long millis = cluster.backoffMillis(++leaderlessFailures);
        leaderlessRetry =
            cluster.loop().schedule(MILLISECONDS.toNanos(millis), this::retryLeaderless);
      }
    }
  }

  private void retryLeaderless() {
    leaderlessRetry = null;
    route(List.copyOf(leaderless));
    if (leaderless.isEmpty()) {
      leaderlessFailures = 0;
    }
  }

  /** It will send nothing any more. */
  void forget(PartitionSender sender) {
    leaderless.remove(sender);
    if (sender.state() != PartitionSender.State.IN_FLIGHT) {
      sender.empty();
    }
  }

  /** Sends a share again after a pause. */
  void retry(Share share, String why) {
    again(share, why, true);
  }

  /** Sends a share again to another leader than before. */
  void retryAtOnce(Share share, String why) {
    again(share, why, false);
  }

  /**
   * Sends a share again when that broker does not lead, or not yet: whoever leads is known within
   * milliseconds, so the pause begins with a few of them.
   */
  void retryOnLeader(Share share, String why) {
    again(share, why, true);
    share.sender().setLeaderChanging();
  }

  private void again(Share share, String why, boolean afterPause) {
    retried.add(share.batches().size());
    share.sender().setTrouble(why);
    log.debug("{}: to be sent again: {}", share.sender().partition(), why);
    share.sender().sendAgain(share.batches(), afterPause);
  }

  /** These have come back: they may send more, or again, but those that pause. */
  void goOn(List<PartitionSender> senders, Lane lane) {
    Set<Lane> touched = new LinkedHashSet<>();
    touched.add(lane);
    for (PartitionSender sender : senders) {
      goOn(sender, touched);
    }
    touched.forEach(Lane::pump);
  }

  /** As above, without a request that has ended. */
  void goOn(PartitionSender sender) {
    Set<Lane> touched = new LinkedHashSet<>();
    goOn(sender, touched);
    touched.forEach(Lane::pump);
  }

  private void goOn(PartitionSender sender, Set<Lane> touched) {
    if (sender.isRecovering()) {
      if (!sender.isUnderWay()) {
        recover(sender, touched);
      }
    } else if (sender.state() == PartitionSender.State.IN_FLIGHT && sender.room() > 0) {
      sender.empty();
      route(sender, touched);
    }
  }

  /** All that was under way has come back: what has not ended goes to the head of the queue. */
  private void recover(PartitionSender sender, Set<Lane> touched) {
    boolean wantsPause = sender.wantsPause();
    sender.recovered();
    MillraceException gone = sender.gone();
    if (gone != null) {
      engine.abandon(sender, gone);
      sender.empty();
      return;
    }
    if (wantsPause) {
      long millis = pauseMillis(sender);
      sender.pausing(
          sender.topic().known().leaderEpoch(sender.partition().partition()),
          cluster.loop().schedule(MILLISECONDS.toNanos(millis), () -> route(List.of(sender))));
    } else {
      sender.empty();
      route(sender, touched);
    }
  }

  private long pauseMillis(PartitionSender sender) {
    boolean isLeaderChanging = sender.takeLeaderChanging();
    int failures = sender.countFailure();
    long millis = cluster.backoffMillis(failures);
    return isLeaderChanging && failures <= LEADER_CHANGE_PAUSES
        ? Math.min(millis, FIRST_LEADER_CHANGE_PAUSE_MILLIS << (failures - 1))
        : millis;
  }

  /** What could not go out before may now. */
  void pumpAll() {
    lanes.values().forEach(Lane::pump);
  }
}
