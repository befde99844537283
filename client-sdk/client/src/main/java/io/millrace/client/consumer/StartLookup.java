package io.millrace.client.consumer;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.ListedOffset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings targets to where they can be fetched: finds their topics and their first offsets. On the
 * client's loop.
 */
final class StartLookup {
  private static final Logger log = LoggerFactory.getLogger(StartLookup.class);

  /** One question takes no longer: it is asked again, of whoever leads by then. */
  private static final long LOOKUP_NANOS = SECONDS.toNanos(10);

  private final FetchEngine engine;
  private final Cluster cluster;

  /** Asked for in this turn of the loop, to be looked up together. */
  private final Map<FetchTarget, OffsetSpec> wanted = new LinkedHashMap<>();

  StartLookup(FetchEngine engine, Cluster cluster) {
    this.engine = engine;
    this.cluster = cluster;
  }

  /** Finds the topic, then the place to begin. */
  void resolve(FetchTarget target) {
    target.state = FetchTarget.State.RESOLVING;
    cluster.lookup(
        target.partition().topic(),
        (topic, e) -> {
          if (target.state != FetchTarget.State.RESOLVING || engine.isClosed()) {
            return;
          }
          if (topic != null) {
            resolved(target, topic);
          } else if (e instanceof FatalException) {
            engine.fail(target, position -> e);
          } else {
            engine.retryLater(target, String.valueOf(e), () -> resolve(target));
          }
        });
  }

  private void resolved(FetchTarget target, KnownTopic topic) {
    TopicPartition partition = target.partition();
    if (partition.partition() >= topic.partitionCount()) {
      cluster.lookAgain(topic.name());
      String message = "topic " + topic.name() + " has " + topic.partitionCount() + " partitions";
      engine.fail(
          target,
          position ->
              new UnknownPartitionException(partition.topic(), partition.partition(), message));
      return;
    }
    if (isAnother(topic, target.run())) {
      replaced(target, topic);
      return;
    }
    target.run().setTopicId(topic.id());
    if (target.offset >= 0) {
      target.state = FetchTarget.State.READY;
      engine.askLeadersSoon();
    } else {
      ResetRules.Decision decision =
          ResetRules.begin(target.run().start(), engine.settings().reset());
      act(target, decision, "no position was sought");
    }
  }

  private static boolean isAnother(KnownTopic topic, ReadRun run) {
    String id = run.topicId();
    if (id.isEmpty() && run.start() instanceof StartAt.Offset at) {
      id = at.topicId();
    }
    return !id.isEmpty() && !id.equals(topic.id());
  }

  /** The topic that was read is gone, and this one has its name. */
  void replaced(FetchTarget target, KnownTopic topic) {
    ResetRules.Decision decision =
        ResetRules.replaced(target.run().start(), engine.settings().reset());
    String message =
        "topic "
            + topic.name()
            + " was deleted and made anew: positions in the old one mean nothing in the new one";
    if (decision instanceof ResetRules.Decision.Fail) {
      engine.fail(target, position -> new UnknownTopicException(topic.name(), message));
    } else {
      target.run().setTopicId(topic.id());
      act(target, decision, message);
    }
  }

  /** The leader has no record at the target's offset. */
  void outOfRange(FetchTarget target, FetchAnswer.OutOfRange range) {
    ResetRules.Decision decision =
        ResetRules.outOfRange(
            target.run().start(),
            target.offset < range.startOffset(),
            target.served,
            engine.settings().reset());
    String where =
        "the partition goes from " + range.startOffset() + " to " + range.highWatermark();
    act(target, decision, "there is no record at " + target.offset + ", " + where);
  }

  private void act(FetchTarget target, ResetRules.Decision decision, String why) {
    if (decision instanceof ResetRules.Decision.ReadFrom from) {
      StartAt.Offset at = (StartAt.Offset) target.run().start();
      target.readFrom(from.offset(), at.lastEpoch());
      engine.askLeadersSoon();
    } else if (decision instanceof ResetRules.Decision.LookUp lookUp) {
      locate(target, lookUp.where(), why);
    } else {
      TopicPartition partition = target.partition();
      engine.fail(
          target,
          position ->
              new OffsetOutOfRangeException(
                  partition.topic(),
                  partition.partition(),
                  position,
                  partition + ": " + why + "; seek, or set auto.offset.reset"));
    }
  }

  private void locate(FetchTarget target, OffsetSpec where, String why) {
    if (target.offset >= 0) {
      log.info("{}: {}: going on at the {}", target.partition(), why, name(where));
    }
    wantLookUp(target, where);
  }

  private void wantLookUp(FetchTarget target, OffsetSpec where) {
    target.state = FetchTarget.State.LOCATING;
    if (wanted.isEmpty()) {
      cluster.loop().execute(this::lookUpWanted);
    }
    wanted.put(target, where);
  }

  private static String name(OffsetSpec where) {
    return where instanceof OffsetSpec.Earliest ? "first record" : "end";
  }

  /** One question for each leader: partitions that nobody leads hold up nobody else. */
  private void lookUpWanted() {
    Map<Integer, Map<FetchTarget, OffsetSpec>> byLeader = new LinkedHashMap<>();
    int nobody = -1;
    for (Map.Entry<FetchTarget, OffsetSpec> each : wanted.entrySet()) {
      int leader = leader(each.getKey());
      byLeader
          .computeIfAbsent(leader < 0 ? nobody-- : leader, id -> new LinkedHashMap<>())
          .put(each.getKey(), each.getValue());
    }
    wanted.clear();
    byLeader.values().forEach(this::lookUp);
  }

  private int leader(FetchTarget target) {
    TopicPartition partition = target.partition();
    KnownTopic topic = cluster.topic(partition.topic());
    return topic == null || partition.partition() >= topic.partitionCount()
        ? -1
        : topic.leader(partition.partition()).orElse(-1);
  }

  private void lookUp(Map<FetchTarget, OffsetSpec> targets) {
    if (engine.isClosed()) {
      return;
    }
    Map<TopicPartition, OffsetSpec> specs = new LinkedHashMap<>();
    targets.forEach((target, where) -> specs.put(target.partition(), where));
    OffsetLookup.start(cluster, specs, LOOKUP_NANOS, (found, e) -> lookedUp(targets, found, e));
  }

  private void lookedUp(
      Map<FetchTarget, OffsetSpec> targets,
      @Nullable Map<TopicPartition, ListedOffset> found,
      @Nullable MillraceException e) {
    if (e instanceof FatalException && targets.size() > 1) {
      // Whose fault it is shows when they are asked for one by one.
      targets.forEach((target, where) -> lookUp(Map.of(target, where)));
      return;
    }
    for (Map.Entry<FetchTarget, OffsetSpec> each : targets.entrySet()) {
      FetchTarget target = each.getKey();
      if (target.state != FetchTarget.State.LOCATING) {
        continue;
      }
      ListedOffset listed = found == null ? null : found.get(target.partition());
      OptionalLong offset = listed == null ? OptionalLong.empty() : listed.offset();
      if (offset.isPresent()) {
        target.readFrom(offset.getAsLong(), StartAt.NO_EPOCH);
        engine.located(target);
      } else if (e instanceof FatalException) {
        engine.fail(target, position -> e);
      } else {
        String why = e == null ? "the leader did not say where it begins" : e.getMessage();
        engine.retryLater(target, String.valueOf(why), () -> wantLookUp(target, each.getValue()));
      }
    }
  }
}
