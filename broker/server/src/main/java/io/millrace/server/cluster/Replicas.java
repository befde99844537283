package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.HandOver;
import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.Loss;
import io.millrace.coordination.election.Remains;
import io.millrace.coordination.election.SetsWrite;
import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.explain.Finding;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.storage.log.LogDamage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what this broker has of each partition into line with the cluster: asks {@link
 * ReplicaPlan} at every change, and carries out what it says. Owner: the store's loop.
 *
 * <p>A change costs what it concerns: topics whose image is the same object as before are passed
 * over.
 */
public final class Replicas implements LocalPartitions.RoleListener {
  private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);
  private static final long UNCLEAN_GRACE_NANOS = SECONDS.toNanos(1);

  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final Roles roles;
  private final TrashDuty trash;
  private final Candidacies candidacies;
  private final ReplicaTable table;
  private final Repairs repairs;
  private final Openings openings;
  private final LateLeaving lateLeaving;

  /** By topic id. */
  private final Map<String, String> faultsTold = new HashMap<>();

  private @Nullable UncleanElections unclean;
  private @Nullable RangeRepairs rangeRepairs;
  private @Nullable HandOver handOver;
  private Consumer<PartitionId> lookAgain = id -> {};
  private boolean stopping;
  private boolean stopped;

  /**
   * @param loop the store's
   */
  public Replicas(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      Elections elections,
      Roles roles,
      TrashDuty trash) {
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.roles = roles;
    this.trash = trash;
    this.candidacies = new Candidacies(loop, outlook, partitions, elections, roles);
    this.table = new ReplicaTable(loop);
    this.repairs = new Repairs(loop, outlook, partitions, roles, table, this::decide);
    this.openings = new Openings(loop, outlook, partitions, table, this, this::decide);
    this.lateLeaving = new LateLeaving(loop, outlook, partitions, roles, table, this::decide);
  }

  /** Before the first picture. */
  void setHandOver(HandOver write) {
    handOver = write;
  }

  /** Before the first picture. */
  void setRangeRepairs(RangeRepairs repairing) {
    rangeRepairs = repairing;
  }

  /** Before the first picture. */
  void setPeers(PeerCalls peers) {
    repairs.setPeers(peers);
  }

  /** Before the first picture. */
  void setUnclean(UncleanElections elections) {
    unclean = elections;
  }

  /**
   * Before the first picture.
   *
   * @param look reads a partition's node again; the next picture tells what came of it
   */
  public void setLookAgain(Consumer<PartitionId> look) {
    lookAgain = look;
  }

  ReplicaTable table() {
    return table;
  }

  /** A newer picture of the cluster. */
  public void onCatalog(Catalog newer) {
    loop.assertInLoop();
    Catalog older = outlook.catalog();
    outlook.see(newer);
    boolean sameBrokers = older.image().brokers().equals(newer.image().brokers());
    if (!sameBrokers) {
      roles.onBrokers(newer.image().brokers());
    }
    for (TopicImage topic : newer.topicsById().values()) {
      TopicImage before = older.topicsById().get(topic.id());
      if (!sameBrokers || !topic.equals(before)) {
        lookAt(topic, sameBrokers ? before : null);
      }
    }
    faultsTold.keySet().retainAll(newer.topicsById().keySet());
    for (Replica replica : table.all()) {
      if (!newer.topicsById().containsKey(replica.id.topicId())) {
        decide(replica.id);
      }
    }
    table.settle();
  }

  /**
   * @param before what was known of it, where nothing else has changed; null to look at all of it
   */
  private void lookAt(TopicImage topic, @Nullable TopicImage before) {
    tellOfFaults(topic);
    for (int number = 0; number < topic.partitionCount(); number++) {
      if (before == null || isNews(before, topic, number)) {
        decide(new PartitionId(topic.id(), number));
      }
    }
  }

  private static boolean isNews(TopicImage before, TopicImage topic, int number) {
    return before.deleting() != topic.deleting()
        || !before.settings().equals(topic.settings())
        || before.replicationFactor() != topic.replicationFactor()
        || number >= before.partitions().size()
        || !Objects.equals(before.partitions().get(number), topic.partitions().get(number));
  }

  /** Settings come in checked; a person or a newer broker may have written others. B63 */
  private void tellOfFaults(TopicImage topic) {
    String faults = String.join("; ", partitions.faultsOf(topic));
    if (!faults.equals(faultsTold.getOrDefault(topic.id(), ""))) {
      faultsTold.put(topic.id(), faults);
      if (!faults.isEmpty()) {
        LOG.warn(
            "topic {} has settings that are left at their defaults here: {}. Correct them with topic"
                + " alter",
            topic.name(),
            faults);
      }
    }
  }

  /** A new life: whatever was led in an earlier one is elected anew. */
  public void onRegistered(int as) {
    loop.assertInLoop();
    outlook.setIncarnation(as);
    decideAll();
  }

  /** What this broker led, it leads no more. */
  public void onExpired() {
    loop.assertInLoop();
    outlook.setIncarnation(0);
    decideAll();
  }

  private void decideAll() {
    outlook.catalog().topicsById().values().forEach(topic -> lookAt(topic, null));
    table.settle();
  }

  /** That life of a broker is taken for dead from now on, although its session stands. */
  public void onSuspected(int broker, int life, String why) {
    loop.assertInLoop();
    if (outlook.suspect(broker, life, why)) {
      table.all().forEach(replica -> decide(replica.id));
      table.settle();
    }
  }

  /** It answers again. */
  public void onCleared(int broker, int life) {
    loop.assertInLoop();
    if (outlook.clear(broker, life)) {
      table.all().forEach(replica -> decide(replica.id));
      table.settle();
    }
  }

  /** Whether levels that need it may be acknowledged: not after the session's time-out. */
  public void setLease(boolean held) {
    loop.assertInLoop();
    partitions.setLease(held);
  }

  /** While draining, other candidates go first. */
  /**
   * From now on nothing is copied anew that nobody counts on here: it would cost those who go on,
   * and this broker fetches it when it is back.
   */
  void setStopping() {
    stopping = true;
  }

  void setDraining(boolean draining) {
    candidacies.setDraining(draining);
  }

  /** Likewise without room on the disk. */
  void setDiskFull(boolean full) {
    candidacies.setDiskFull(full);
  }

  /** Nothing more is opened, elected or deleted. */
  public void stop() {
    loop.assertInLoop();
    stopped = true;
    candidacies.stop();
    openings.stop();
  }

  /**
   * Runs the action, once, when all that is assigned to this broker is open and all that it should
   * lead is led, or known to be impossible; at once if that is so.
   */
  public void whenSettled(Runnable action) {
    loop.assertInLoop();
    table.whenSettled(action);
  }

  /**
   * Runs the action once no log is closed for a reason that may pass; at once if that is so. What
   * such a log holds may well be there, and must not be counted as nothing: for room this waits as
   * long as it takes, for other errors a minute; and for ever once the disk has failed.
   */
  public void whenAllIsOpened(Runnable action) {
    loop.assertInLoop();
    openings.whenAllIsOpened(action);
  }

  /**
   * What there is of a replica, {@link LogPosition#NOTHING} where there is no log.
   *
   * @param loss of all that is here; what is known of this one may be worse
   */
  public Remains remainsOf(String topicId, int partition, Loss loss) {
    loop.assertInLoop();
    PartitionId id = new PartitionId(topicId, partition);
    Replica replica = table.find(id);
    Loss known = partitions.doubtOf(id).map(LateLeaving::loss).orElse(loss);
    return new Remains(
        replica == null ? LogPosition.NOTHING : replica.position,
        known.compareTo(loss) > 0 ? known : loss);
  }

  /** Looks at a partition anew, unless something is being done about it. */
  void decide(PartitionId id) {
    Replica replica = table.find(id);
    TopicImage topic = outlook.topicOf(id);
    if (replica != null && replica.stage == Replica.Stage.DELETED && topic == null) {
      table.remove(id);
    }
    if (replica != null) {
      configure(replica, topic);
    }
    if (stopped || (replica != null && replica.isUnderWay())) {
      return; // what is under way decides again when it ends
    }
    if (replica != null
        && topic != null
        && !topic.deleting()
        && lateLeaving.mustComeFirst(replica)) {
      return;
    }
    ReplicaPlan plan = plan(id, replica, outlook.imageOf(id));
    if (replica == null) {
      begin(id, plan, topic);
    } else if (plan instanceof ReplicaPlan.Nothing
        && replica.stage == Replica.Stage.OFFLINE
        && replica.isDamaged) {
      repairs.repair(replica);
    } else {
      carryOut(replica, plan, topic, outlook.imageOf(id));
    }
  }

  private ReplicaPlan plan(
      PartitionId id, @Nullable Replica replica, @Nullable PartitionImage image) {
    return ReplicaPlan.decide(
        outlook.self(),
        outlook.incarnation(),
        outlook.catalog().image(),
        replica == null ? Set.of() : suspectedBy(replica),
        outlook.topicOf(id),
        image,
        replica == null ? ReplicaPlan.Local.NONE : replica.local());
  }

  /** Where suspicion has been acted on too often, it is looked at again when it may be. */
  private Set<Integer> suspectedBy(Replica replica) {
    long waitNanos = candidacies.suspicionWaitNanos(replica);
    if (waitNanos > 0) {
      decideLater(replica, waitNanos);
    }
    return candidacies.suspectedBy(replica);
  }

  private void begin(PartitionId id, ReplicaPlan plan, @Nullable TopicImage topic) {
    if (topic == null || plan instanceof ReplicaPlan.Nothing) {
      return;
    }
    Replica replica = table.add(id);
    if (plan instanceof ReplicaPlan.Delete) {
      delete(replica, Optional.of(topic));
    } else {
      openings.open(replica, topic);
    }
  }

  /** Settings that have changed hold without a restart. */
  private void configure(Replica replica, @Nullable TopicImage topic) {
    if (topic != null
        && replica.stage == Replica.Stage.OPEN
        && (!topic.settings().equals(replica.settings)
            || topic.replicationFactor() != replica.replicationFactor)) {
      replica.settings = topic.settings();
      replica.replicationFactor = topic.replicationFactor();
      partitions.configure(replica.id, topic);
    }
  }

  private void carryOut(
      Replica replica,
      ReplicaPlan plan,
      @Nullable TopicImage topic,
      @Nullable PartitionImage image) {
    if (!(plan instanceof ReplicaPlan.Elect)) {
      replica.leaderless = false;
    }
    if (!(plan instanceof ReplicaPlan.Distrust) && replica.stage == Replica.Stage.OPEN) {
      replica.trouble = "";
    }
    if (plan instanceof ReplicaPlan.Lead lead
        && image != null
        && lead.epoch() == replica.epochSpent) {
      leadAnew(replica, image);
    } else if (plan instanceof ReplicaPlan.Lead && image != null) {
      lead(replica, image);
    } else if (plan instanceof ReplicaPlan.Follow follow && image != null) {
      follow(replica, follow, image);
    } else if (plan instanceof ReplicaPlan.Nothing && image != null) {
      roles.tell(replica, image, outlook.up());
    } else if (plan instanceof ReplicaPlan.StepDown down) {
      stepDown(replica, down.why());
    } else if (plan instanceof ReplicaPlan.Elect) {
      elect(replica);
    } else if (plan instanceof ReplicaPlan.Delete) {
      delete(replica, Optional.ofNullable(topic));
    } else if (plan instanceof ReplicaPlan.Distrust distrust) {
      distrust(replica, distrust.why(), topic);
    }
  }

  /**
   * Its log failed while it led in this epoch, and what is left of it was opened again: what comes
   * next may not have the epoch of what was lost. Where others hold what is committed it is they
   * who lead, see {@link Repairs#giveUpLeadership}.
   */
  private void leadAnew(Replica replica, PartitionImage image) {
    if (!RepairPlan.mustResign(outlook.self(), outlook.incarnation(), image)) {
      leadAnew(
          replica, image.leaderEpoch(), "the log of this leader was opened again", refused -> {});
    }
  }

  /**
   * Takes the epoch after the one that this broker has been named in: all that was counted on in
   * that one counts no more.
   *
   * @param then why not; empty when it is done
   */
  void leadAnew(Replica replica, int epoch, String why, Consumer<Optional<String>> then) {
    HandOver write = handOver;
    if (write == null || replica.isUnderWay()) {
      then.accept(Optional.of("another change is under way"));
      return;
    }
    replica.electing = true; // nothing else is decided before it is known what came of it
    int self = outlook.self();
    int life = outlook.incarnation();
    write
        .write(
            replica.id.topicId(),
            replica.id.partition(),
            new HandOver.Change(self, life, epoch, self, life, why))
        .whenComplete(
            (outcome, bug) -> {
              replica.electing = false;
              if (bug == null && outcome instanceof SetsWrite.Outcome.Written written) {
                onElected(replica, new Elections.Result.Elected(written.now()));
                then.accept(Optional.empty());
                return;
              }
              if (bug != null) {
                LOG.error("{}: leading anew failed", replica.id, bug);
              }
              then.accept(Optional.of("the next epoch could not be begun: " + outcome));
              decideLater(replica, UNCLEAN_GRACE_NANOS);
            });
  }

  private void lead(Replica replica, PartitionImage image) {
    replica.leaderless = false;
    table.begin(replica);
    roles.lead(replica, image, outlook.up(), why -> onOffline(replica.id, why));
  }

  @Override
  public void onLeading(PartitionId id, int epoch) {
    Replica replica = table.find(id);
    if (replica != null && replica.epochLed == epoch) {
      replica.epochBegun = epoch;
      table.end(replica);
      table.settle();
    }
  }

  @Override
  public void onSetsWanted(PartitionId id, SetsChange change, LogPosition flushed) {
    Replica replica = table.find(id);
    if (replica != null && !replica.isBeingDeleted()) {
      roles.changeSets(replica, outlook.self(), outlook.incarnation(), change, flushed);
    }
  }

  @Override
  public void onDamaged(PartitionId id, LogDamage damage) {
    Replica replica = table.find(id);
    RangeRepairs repairing = rangeRepairs;
    if (replica != null && !replica.isBeingDeleted() && repairing != null) {
      repairing.found(replica, damage);
    }
  }

  @Override
  public void onNewerEpoch(PartitionId id) {
    if (!stopped) {
      lookAgain.accept(id);
    }
  }

  @Override
  public void onNodeHeard(PartitionId id, PartitionState node) {
    Replica replica = table.find(id);
    PartitionImage known = outlook.imageOf(id);
    if (replica == null || known == null || stopped) {
      return;
    }
    PartitionImage heard = PartitionStates.image(id.partition(), node);
    ReplicaPlan plan =
        replica.isUnderWay()
                || partitions.doubtOf(id).isPresent()
                || !heard.replicas().equals(known.replicas())
                || heard.version() <= known.version()
                || heard.leaderEpoch() <= replica.highestEpochSeen()
            ? new ReplicaPlan.Nothing()
            : plan(id, replica, heard);
    if (plan instanceof ReplicaPlan.Lead) {
      replica.epochWritten = heard.leaderEpoch(); // by another, but known to be written
      lead(replica, heard);
    } else if (plan instanceof ReplicaPlan.Follow follow) {
      follow(replica, follow, heard);
    } else {
      lookAgain.accept(id);
    }
  }

  @Override
  public void onOffline(PartitionId id, String why) {
    Replica replica = table.find(id);
    if (replica != null && !replica.isBeingDeleted()) {
      boolean isLeading = replica.epochLed >= 0;
      replica.epochSpent = Math.max(replica.epochSpent, replica.epochLed);
      boolean wasInUse = replica.stage == Replica.Stage.OPEN;
      replica.stage = Replica.Stage.OFFLINE;
      roles.forget(replica);
      table.trouble(replica, why + "; opening it is tried again by itself");
      if (wasInUse && !stopped) {
        openings.failedInUse(replica);
      }
      if (isLeading) {
        repairs.giveUpLeadership(replica);
      }
      table.end(replica);
      table.settle();
    }
  }

  void stepDown(Replica replica, String why) {
    table.end(replica);
    roles.stepDown(replica, why);
  }

  private void elect(Replica replica) {
    table.begin(replica);
    candidacies.begin(
        replica,
        (candidate, result) -> {
          table.end(candidate);
          onElected(candidate, result);
          table.settle();
        });
  }

  private void onElected(Replica replica, Elections.Result result) {
    if (result instanceof Elections.Result.Elected elected) {
      replica.epochWritten = elected.now().leaderEpoch();
      boolean canLead = replica.stage == Replica.Stage.OPEN && !stopped;
      if (canLead && elected.now().leaderIncarnation() == outlook.incarnation()) {
        lead(replica, elected.now());
        return;
      }
    } else if (result instanceof Elections.Result.Again again) {
      decideLater(replica, again.afterNanos());
      return;
    } else if (result instanceof Elections.Result.Impossible impossible) {
      replica.hasStoreGoneBack = impossible.epochInStore() < replica.highestEpochSeen();
      table.trouble(replica, impossible.why());
      electUncleanly(replica);
    } else if (result instanceof Elections.Result.AskAll asks) {
      table.trouble(replica, asks.why());
      askAll(replica);
    }
    if (replica.stage != Replica.Stage.OPEN
        || result instanceof Elections.Result.Elected
        || replica.electingOn != outlook.pictures()) {
      decide(replica.id); // what came in between was not decided on while the election ran
    }
  }

  /**
   * Where the topic's setting wants a leader at any price: the first live replica asks them all,
   * after a moment in which a member of the in-sync set may come back.
   */
  private void electUncleanly(Replica replica) {
    TopicImage topic = outlook.topicOf(replica.id);
    PartitionImage image = outlook.imageOf(replica.id);
    UncleanElections elections = unclean;
    if (topic == null
        || image == null
        || elections == null
        || stopped
        || !partitions.settingsOf(topic).uncleanElection()
        || !outlook.isFirstLive(image)) {
      return;
    }
    if (!replica.waitsForUnclean) {
      replica.waitsForUnclean = true;
      decideLater(replica, UNCLEAN_GRACE_NANOS);
      return;
    }
    replica.waitsForUnclean = false;
    elections.elect(
        topic,
        List.of(replica.id.partition()),
        UncleanElection.Cause.SETTING,
        (partition, outcome) -> {
          if (outcome instanceof ElectOutcome.Failed) {
            decideLater(replica, UNCLEAN_GRACE_NANOS);
          }
        });
  }

  /**
   * The last in sync has lost what it had vouched for: whoever has the most leads, if all answer.
   */
  private void askAll(Replica replica) {
    TopicImage topic = outlook.topicOf(replica.id);
    UncleanElections elections = unclean;
    if (topic == null || elections == null || stopped) {
      return;
    }
    elections.elect(
        topic,
        List.of(replica.id.partition()),
        UncleanElection.Cause.ROLL_CALL,
        (partition, outcome) -> {
          if (outcome instanceof ElectOutcome.Failed failed) {
            table.trouble(replica, failed.why());
            decideLater(replica, UNCLEAN_GRACE_NANOS);
          }
        });
  }

  /** One look at a time is waited for; others on the way do no harm. */
  private void decideLater(Replica replica, long nanos) {
    if (replica.isLookedAtLater) {
      return;
    }
    replica.isLookedAtLater = true;
    loop.schedule(
        nanos,
        () -> {
          replica.isLookedAtLater = false;
          decide(replica.id);
          table.settle();
        });
  }

  /** Somebody else was named by this broker itself, and what is here follows at once. */
  void onHandedOver(Replica replica, PartitionImage now) {
    replica.epochWritten = Math.max(replica.epochWritten, now.leaderEpoch());
    if (!stopped && replica.stage == Replica.Stage.OPEN && now.leader().isPresent()) {
      follow(
          replica,
          new ReplicaPlan.Follow(
              now.leader().getAsInt(), now.leaderIncarnation(), now.leaderEpoch()),
          now);
    }
  }

  private void follow(Replica replica, ReplicaPlan.Follow follow, PartitionImage image) {
    table.end(replica);
    replica.hasLeft = stopping && !image.inSync().contains(outlook.self());
    roles.follow(replica, follow, image, why -> onOffline(replica.id, why));
  }

  private void distrust(Replica replica, String why, @Nullable TopicImage topic) {
    stepDown(replica, why);
    if (topic != null) {
      table.trouble(replica, why);
      return;
    }
    trash.fateOf(
        replica.id,
        deleted -> {
          if (deleted && !outlook.catalog().topicsById().containsKey(replica.id.topicId())) {
            delete(replica, Optional.empty());
          } else if (!deleted) {
            table.trouble(replica, why);
          }
        });
  }

  private void delete(Replica replica, Optional<TopicImage> topic) {
    boolean opened = replica.stage != Replica.Stage.NEW;
    replica.stage = Replica.Stage.DELETING;
    roles.forget(replica);
    table.end(replica);
    trash.delete(
        replica.id,
        opened,
        topic,
        () -> {
          replica.stage = Replica.Stage.DELETED;
          decide(replica.id);
        });
  }

  // ---- For explanations -------------------------------------------------------------------------

  /** What the replica here waits for; empty when it waits for nothing. */
  public List<Finding> waitsOf(PartitionId id) {
    loop.assertInLoop();
    Replica replica = table.find(id);
    PartitionImage image = outlook.imageOf(id);
    int leaderEpoch = image == null ? -1 : image.leaderEpoch();
    return replica == null
        ? List.of()
        : ReplicaWaits.of(replica, leaderEpoch, loop.clock().nanoTime(), loop.clock().wallMillis());
  }

  /** Which brokers do not answer this one, and since they do not, are taken for dead. */
  public Map<Integer, String> suspected() {
    loop.assertInLoop();
    return outlook.suspicionReasons();
  }
}
