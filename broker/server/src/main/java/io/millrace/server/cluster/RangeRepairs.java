package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.explain.Reason;
import io.millrace.server.explain.WaitBoard;
import io.millrace.server.partition.PartitionId;
import io.millrace.storage.log.LogDamage;
import io.millrace.storage.log.RepairOutcome;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has damaged ranges of logs that are otherwise of use put right (B82): a follower asks its leader
 * for the batches that belong there and writes them where they stand; a leader first hands over to
 * a replica in sync. Replicas that have the same epoch at an offset have the same bytes there, so
 * nothing else of the log changes, and the replica stays in its sets: it has everything again
 * within an instant, where copying all anew would leave the partition with one copy less meanwhile.
 * Where nobody else has the records, they stay as they are, and readers are told. Owner: the
 * store's loop, which is {@link Replicas}'s.
 */
final class RangeRepairs {
  private static final Logger LOG = LoggerFactory.getLogger(RangeRepairs.class);

  private static final long LOOK_NANOS = SECONDS.toNanos(1);
  private static final long LONGEST_WAIT_NANOS = SECONDS.toNanos(60);
  private static final long ANSWER_NANOS = SECONDS.toNanos(10);

  /** Who was preferred back all the same does not give away the partition again at once. */
  private static final long AWAY_AGAIN_NANOS = SECONDS.toNanos(60);

  private static final int MOST_BYTES = 8 << 20;

  /** How a leader lets another lead. */
  interface GivingAway {
    /** False when there is nobody, or it is on its way already. */
    boolean giveAway(Replica replica, String why);
  }

  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final ReplicaTable table;
  private final PeerCalls peers;
  private final GivingAway giving;
  private final WaitBoard waits;
  private final Map<PartitionId, Damaged> damaged = new TreeMap<>(ReplicaTable.BY_ID);
  private boolean isLooking;

  /** A replica with damage, and what has been done about it. */
  private static final class Damaged {
    final Replica replica;
    String what;
    boolean isUnderWay;
    long waitNanos = LOOK_NANOS / 2;
    long notBeforeNanos;
    boolean wasGivenAway;
    long givenAwayNanos;
    String told = "";

    Damaged(Replica replica, String what) {
      this.replica = replica;
      this.what = what;
    }
  }

  RangeRepairs(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      ReplicaTable table,
      PeerCalls peers,
      GivingAway giving,
      WaitBoard waits) {
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.table = table;
    this.peers = peers;
    this.giving = giving;
    this.waits = waits;
  }

  /** Bytes of its log are not what was written. */
  void found(Replica replica, LogDamage damage) {
    Damaged it = damaged.get(replica.id);
    if (it == null || it.replica != replica) {
      it = new Damaged(replica, damage.toString());
      it.notBeforeNanos = loop.clock().nanoTime();
      damaged.put(replica.id, it);
    }
    replica.hasDamage = true;
    waits.begin(replica.id, Reason.DAMAGED, it.what);
    waits.begin(Reason.DAMAGED, replica.id.toString(), replica.id + ": " + it.what);
    act(it);
    lookLater();
  }

  private void lookLater() {
    if (!isLooking && !damaged.isEmpty()) {
      isLooking = true;
      loop.schedule(
          LOOK_NANOS,
          () -> {
            isLooking = false;
            List.copyOf(new ArrayList<>(damaged.values())).forEach(this::act);
            lookLater();
          });
    }
  }

  private void act(Damaged it) {
    Replica replica = it.replica;
    if (table.find(replica.id) != replica || replica.stage != Replica.Stage.OPEN) {
      forget(it); // whatever is opened in its place is looked at anew
    } else if (replica.epochLed >= 0) {
      giveAway(it);
    } else if (replica.followed != null
        && !it.isUnderWay
        && loop.clock().nanoTime() - it.notBeforeNanos >= 0) {
      it.isUnderWay = true;
      partitions.damageOf(replica.id, first -> askFor(it, first));
    }
  }

  private void forget(Damaged it) {
    it.replica.hasDamage = false;
    if (damaged.remove(it.replica.id, it)) {
      waits.end(it.replica.id, Reason.DAMAGED);
      waits.end(Reason.DAMAGED, it.replica.id.toString());
    }
  }

  private void giveAway(Damaged it) {
    long now = loop.clock().nanoTime();
    if (it.wasGivenAway && now - it.givenAwayNanos < AWAY_AGAIN_NANOS) {
      return;
    }
    if (giving.giveAway(
        it.replica,
        "the copy of broker " + outlook.self() + " is damaged, and another is in sync")) {
      it.wasGivenAway = true;
      it.givenAwayNanos = now;
      it.notBeforeNanos = now;
    } else {
      explain(it, "this broker leads, and no other replica is in sync to lead in its place");
    }
  }

  // ---- As a follower

  private void askFor(Damaged it, Optional<LogDamage> first) {
    ReplicaPlan.Follow followed = it.replica.followed;
    if (first.isEmpty()) {
      LOG.info("{}: nothing of it is damaged any more", it.replica.id);
      forget(it);
      return;
    }
    it.what = first.get().toString();
    BrokerImage leader =
        followed == null ? null : outlook.catalog().image().brokers().get(followed.leader());
    if (followed == null || leader == null) {
      it.isUnderWay = false;
      return;
    }
    peers
        .ask(leader, request(it.replica.id, first.get(), followed.epoch()), ANSWER_NANOS)
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null || outcome == null) {
                LOG.error("{}: asking broker {} failed", it.replica.id, leader.id(), bug);
                later(it, "asking broker " + leader.id() + " failed: " + bug);
              } else {
                answered(it, leader.id(), outcome);
              }
            });
  }

  /** As a consumer: what is committed is what may be relied on. */
  private static Request.Builder request(PartitionId id, LogDamage damage, int epoch) {
    long bytes = Math.min(MOST_BYTES, damage.endPosition() - (long) damage.position());
    return Request.newBuilder()
        .setFetch(
            FetchRequest.newBuilder()
                .setMinBytes(1)
                .setMaxBytes((int) bytes)
                .addPartitions(
                    FetchPartition.newBuilder()
                        .setTopicId(id.topicId())
                        .setPartition(id.partition())
                        .setFetchOffset(damage.fromOffset())
                        .setLeaderEpoch(epoch)
                        .setMaxBytes((int) bytes)));
  }

  private void answered(Damaged it, int leader, PeerCalls.Outcome outcome) {
    if (!(outcome instanceof PeerCalls.Outcome.Answered answer)) {
      later(it, ((PeerCalls.Outcome.NoAnswer) outcome).why());
      return;
    }
    if (answer.response().hasError() || answer.response().getFetch().getResultsCount() != 1) {
      later(it, "broker " + leader + " answers: " + answer.response().getError().getMessage());
      return;
    }
    FetchResult result = answer.response().getFetch().getResults(0);
    if (result.hasError()) {
      later(it, "broker " + leader + " answers: " + result.getError().getMessage());
    } else if (!answer.payload().hasRemaining()) {
      later(it, "broker " + leader + " does not show these records yet");
    } else {
      partitions.repair(
          it.replica.id, answer.payload(), repaired -> onRepaired(it, leader, repaired));
    }
  }

  private void onRepaired(Damaged it, int leader, RepairOutcome outcome) {
    if (outcome instanceof RepairOutcome.Refused refused) {
      later(it, "what broker " + leader + " has cannot be taken: " + refused.why());
      return;
    }
    it.isUnderWay = false;
    it.waitNanos = LOOK_NANOS / 2;
    act(it); // the rest of it, or whatever else is damaged
  }

  private void later(Damaged it, String why) {
    it.isUnderWay = false;
    it.waitNanos = Math.min(2 * it.waitNanos, LONGEST_WAIT_NANOS);
    it.notBeforeNanos = loop.clock().nanoTime() + it.waitNanos;
    explain(it, why);
  }

  private void explain(Damaged it, String why) {
    String text = it.what + "; " + why;
    if (damaged.get(it.replica.id) == it) {
      waits.begin(it.replica.id, Reason.DAMAGED, text);
      waits.begin(Reason.DAMAGED, it.replica.id.toString(), it.replica.id + ": " + text);
    }
    if (!it.told.equals(why)) {
      it.told = why;
      LOG.warn("{}: {}", it.replica.id, text);
    }
  }
}
