package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.explain.Finding;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.replica.SetsChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  private final int self;
  private final EventLoop loop;
  private final LocalPartitions partitions;
  private final Elections elections;
  private final Roles roles;
  private final TrashDuty trash;
  private final Suspicions suspicions = new Suspicions();
  private final Map<PartitionId, Replica> replicas = new HashMap<>();

  /** Whose opening, election or preparation is under way. */
  private final Set<Replica> busy = new HashSet<>();

  /** By topic id. */
  private final Map<String, String> faultsTold = new HashMap<>();

  /** What is wrong with one partition may be wrong with thousands. */
  private final LineBudget troubleLines = new LineBudget(20, SECONDS.toNanos(10));

  private final List<Runnable> whenSettled = new ArrayList<>();
  private Catalog catalog;
  private long pictures;

  /** Incarnations of the brokers that are live and not suspected; another map when that changes. */
  private Map<Integer, Integer> up = Map.of();

  private int incarnation;
  private boolean stopped;

  /**
   * @param loop the store's
   */
  public Replicas(
      int self,
      EventLoop loop,
      LocalPartitions partitions,
      Elections elections,
      Roles roles,
      TrashDuty trash) {
    this.self = self;
    this.loop = loop;
    this.partitions = partitions;
    this.elections = elections;
    this.roles = roles;
    this.trash = trash;
    this.catalog = Catalog.of(self, ClusterImage.EMPTY);
  }

  /** A newer picture of the cluster. */
  public void onCatalog(Catalog newer) {
    loop.assertInLoop();
    Catalog older = catalog;
    catalog = newer;
    pictures++;
    boolean sameBrokers = older.image().brokers().equals(newer.image().brokers());
    if (!sameBrokers) {
      up = suspicions.unsuspected(newer.image());
      roles.onBrokers(newer.image().brokers());
    }
    for (TopicImage topic : newer.topicsById().values()) {
      TopicImage before = older.topicsById().get(topic.id());
      if (!sameBrokers || !topic.equals(before)) {
        lookAt(topic, sameBrokers ? before : null);
      }
    }
    faultsTold.keySet().retainAll(newer.topicsById().keySet());
    for (Replica replica : List.copyOf(replicas.values())) {
      if (!newer.topicsById().containsKey(replica.id.topicId())) {
        decide(replica.id);
      }
    }
    settle();
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
    incarnation = as;
    decideAll();
  }

  /** What this broker led, it leads no more. */
  public void onExpired() {
    loop.assertInLoop();
    incarnation = 0;
    decideAll();
  }

  private void decideAll() {
    catalog.topicsById().values().forEach(topic -> lookAt(topic, null));
    settle();
  }

  /** That life of a broker is taken for dead from now on, although its session stands. */
  public void onSuspected(int broker, int life, String why) {
    loop.assertInLoop();
    suspicions.add(broker, life, why);
    onSuspicions();
  }

  /** It answers again. */
  public void onCleared(int broker, int life) {
    loop.assertInLoop();
    suspicions.remove(broker, life);
    onSuspicions();
  }

  private void onSuspicions() {
    Map<Integer, Integer> now = suspicions.unsuspected(catalog.image());
    if (!now.equals(up)) {
      up = now;
      replicas.keySet().stream()
          .sorted(
              Comparator.comparing(PartitionId::topicId).thenComparingInt(PartitionId::partition))
          .toList()
          .forEach(this::decide);
      settle();
    }
  }

  /** Whether levels that need it may be acknowledged: not after the session's time-out. */
  public void setLease(boolean held) {
    loop.assertInLoop();
    partitions.setLease(held);
  }

  /** Nothing more is opened, elected or deleted. */
  public void stop() {
    loop.assertInLoop();
    stopped = true;
  }

  /**
   * Runs the action, once, when all that is assigned to this broker is open and all that it should
   * lead is led, or known to be impossible; at once if that is so.
   */
  public void whenSettled(Runnable action) {
    loop.assertInLoop();
    whenSettled.add(action);
    settle();
  }

  /** How far each log reaches; {@link LogPosition#NOTHING} where there is none. */
  public LogPosition positionOf(String topicId, int partition) {
    loop.assertInLoop();
    Replica replica = replicas.get(new PartitionId(topicId, partition));
    return replica == null ? LogPosition.NOTHING : replica.position;
  }

  private void settle() {
    if (busy.isEmpty()) {
      List<Runnable> actions = List.copyOf(whenSettled);
      whenSettled.clear();
      actions.forEach(Runnable::run);
    }
  }

  private @Nullable PartitionImage imageOf(PartitionId id) {
    TopicImage topic = catalog.topicsById().get(id.topicId());
    return topic != null && id.partition() < topic.partitions().size()
        ? topic.partitions().get(id.partition())
        : null;
  }

  private void decide(PartitionId id) {
    Replica replica = replicas.get(id);
    TopicImage topic = catalog.topicsById().get(id.topicId());
    if (replica != null && replica.stage == Replica.Stage.DELETED && topic == null) {
      replicas.remove(id);
    }
    if (replica != null) {
      configure(replica, topic);
    }
    if (stopped || (replica != null && replica.isUnderWay())) {
      return; // what is under way decides again when it ends
    }
    ReplicaPlan plan =
        ReplicaPlan.decide(
            self,
            incarnation,
            catalog.image(),
            replica == null ? Set.of() : suspectedBy(replica),
            topic,
            imageOf(id),
            replica == null ? ReplicaPlan.Local.NONE : replica.local());
    if (replica == null) {
      begin(id, plan, topic);
    } else {
      carryOut(replica, plan, topic, imageOf(id));
    }
  }

  /** Whose leadership this replica may take: none while it has done that too often. */
  private Set<Integer> suspectedBy(Replica replica) {
    Set<Integer> suspected = suspicions.among(catalog.image());
    long waitNanos = suspected.isEmpty() ? 0 : replica.suspicions.waitNanos(now());
    if (waitNanos > 0) {
      decideLater(replica.id, waitNanos);
      return Set.of();
    }
    return suspected;
  }

  private long now() {
    return loop.clock().nanoTime();
  }

  private void begin(PartitionId id, ReplicaPlan plan, @Nullable TopicImage topic) {
    if (topic == null || plan instanceof ReplicaPlan.Nothing) {
      return;
    }
    Replica replica = new Replica(id);
    replicas.put(id, replica);
    if (plan instanceof ReplicaPlan.Delete) {
      delete(replica, Optional.of(topic));
    } else {
      replica.stage = Replica.Stage.OPENING;
      busy.add(replica);
      replica.settings = topic.settings();
      partitions.open(id, topic, this, opened -> onOpened(replica, opened));
    }
  }

  private void onOpened(Replica replica, LocalPartitions.Opened opened) {
    busy.remove(replica);
    if (opened instanceof LocalPartitions.Opened.Open open) {
      replica.stage = Replica.Stage.OPEN;
      replica.epochOnDisk = open.highestEpoch();
      replica.position = open.position();
    } else {
      replica.stage = Replica.Stage.OFFLINE;
      trouble(replica, ((LocalPartitions.Opened.Offline) opened).why());
    }
    decide(replica.id);
    settle();
  }

  /** Settings that have changed hold without a restart. */
  private void configure(Replica replica, @Nullable TopicImage topic) {
    if (topic != null
        && replica.stage == Replica.Stage.OPEN
        && !topic.settings().equals(replica.settings)) {
      replica.settings = topic.settings();
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
    if (plan instanceof ReplicaPlan.Lead && image != null) {
      lead(replica, image);
    } else if (plan instanceof ReplicaPlan.Follow follow && image != null) {
      busy.remove(replica);
      roles.follow(replica, follow, image, why -> onOffline(replica.id, why));
    } else if (plan instanceof ReplicaPlan.Nothing && image != null) {
      roles.tell(replica, image, up);
    } else if (plan instanceof ReplicaPlan.StepDown down) {
      stepDown(replica, down.why());
    } else if (plan instanceof ReplicaPlan.Elect) {
      elect(replica, topic);
    } else if (plan instanceof ReplicaPlan.Delete) {
      delete(replica, Optional.ofNullable(topic));
    } else if (plan instanceof ReplicaPlan.Distrust distrust) {
      distrust(replica, distrust.why(), topic);
    }
  }

  private void lead(Replica replica, PartitionImage image) {
    replica.leaderless = false;
    busy.add(replica);
    roles.lead(replica, image, up, why -> onOffline(replica.id, why));
  }

  @Override
  public void onLeading(PartitionId id, int epoch) {
    Replica replica = replicas.get(id);
    if (replica != null && replica.epochLed == epoch) {
      busy.remove(replica);
      settle();
    }
  }

  @Override
  public void onSetsWanted(PartitionId id, SetsChange change) {
    Replica replica = replicas.get(id);
    if (replica != null && !replica.isBeingDeleted()) {
      roles.changeSets(replica, self, incarnation, change);
    }
  }

  @Override
  public void onOffline(PartitionId id, String why) {
    Replica replica = replicas.get(id);
    if (replica != null && !replica.isBeingDeleted()) {
      replica.stage = Replica.Stage.OFFLINE;
      roles.forget(replica);
      trouble(replica, why);
      busy.remove(replica);
      settle();
    }
  }

  private void stepDown(Replica replica, String why) {
    busy.remove(replica);
    roles.stepDown(replica, why);
  }

  private void elect(Replica replica, @Nullable TopicImage topic) {
    if (replica.epochLed >= 0) {
      stepDown(replica, "nobody leads, and a leader is being elected");
    }
    replica.electing = true;
    replica.electingOn = pictures;
    if (!replica.leaderless) {
      replica.leaderless = true;
      replica.leaderlessSinceNanos = now();
    }
    busy.add(replica);
    elections.run(
        replica,
        topic,
        new Candidacy(replica),
        result -> {
          replica.electing = false;
          busy.remove(replica);
          onElected(replica, result);
          settle();
        });
  }

  private final class Candidacy implements Elections.Candidate {
    private final Replica replica;

    Candidacy(Replica replica) {
      this.replica = replica;
    }

    @Override
    public Catalog catalog() {
      return catalog;
    }

    @Override
    public int incarnation() {
      return incarnation;
    }

    @Override
    public Set<Integer> suspected() {
      return suspectedBy(replica);
    }

    @Override
    public CompletionStage<Boolean> prepare(boolean mustFlush) {
      if (replica.stage != Replica.Stage.OPEN || stopped) {
        return CompletableFuture.completedFuture(false);
      }
      PartitionImage image = imageOf(replica.id);
      if (image != null && suspectedBy(replica).contains(image.leader().orElse(self))) {
        replica.suspicions.spend(now());
      }
      CompletionStage<Boolean> stoodDown =
          SafetyRule.H14.isLeftOut()
              ? CompletableFuture.completedFuture(true)
              : roles.stepDown(replica, "this broker stands for election");
      return mustFlush ? stoodDown.thenCompose(isDone -> partitions.flush(replica.id)) : stoodDown;
    }
  }

  private void onElected(Replica replica, Elections.Result result) {
    if (result instanceof Elections.Result.Elected elected) {
      replica.epochWritten = elected.now().leaderEpoch();
      boolean canLead = replica.stage == Replica.Stage.OPEN && !stopped;
      if (canLead && elected.now().leaderIncarnation() == incarnation) {
        lead(replica, elected.now());
        return;
      }
    } else if (result instanceof Elections.Result.Again again) {
      decideLater(replica.id, again.afterNanos());
      return;
    } else if (result instanceof Elections.Result.Impossible impossible) {
      trouble(replica, impossible.why());
    }
    if (replica.stage != Replica.Stage.OPEN
        || result instanceof Elections.Result.Elected
        || replica.electingOn != pictures) {
      decide(replica.id); // what came in between was not decided on while the election ran
    }
  }

  private void decideLater(PartitionId id, long nanos) {
    loop.schedule(
        nanos,
        () -> {
          decide(id);
          settle();
        });
  }

  private void distrust(Replica replica, String why, @Nullable TopicImage topic) {
    stepDown(replica, why);
    if (topic != null) {
      trouble(replica, why);
      return;
    }
    trash.fateOf(
        replica.id,
        deleted -> {
          if (deleted && !catalog.topicsById().containsKey(replica.id.topicId())) {
            delete(replica, Optional.empty());
          } else if (!deleted) {
            trouble(replica, why);
          }
        });
  }

  private void delete(Replica replica, Optional<TopicImage> topic) {
    boolean opened = replica.stage != Replica.Stage.NEW;
    replica.stage = Replica.Stage.DELETING;
    roles.forget(replica);
    busy.remove(replica);
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
    Replica replica = replicas.get(id);
    PartitionImage image = imageOf(id);
    int leaderEpoch = image == null ? -1 : image.leaderEpoch();
    return replica == null
        ? List.of()
        : ReplicaWaits.of(replica, leaderEpoch, now(), loop.clock().wallMillis());
  }

  /** Which brokers do not answer this one, and since they do not, are taken for dead. */
  public Map<Integer, String> suspected() {
    loop.assertInLoop();
    return suspicions.reasons(catalog.image());
  }

  private void trouble(Replica replica, String why) {
    if (!replica.trouble.equals(why)) {
      replica.trouble = why;
      long leftOut = troubleLines.take(loop.clock().nanoTime());
      if (leftOut >= 0) {
        LOG.error(
            "{}: not served by this broker: {}{}",
            replica.id,
            why,
            leftOut == 0 ? "" : " (" + leftOut + " more partitions left out before this one)");
      }
    }
  }
}
