package io.millrace.client.consumer;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.BrokerErrors;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterListener;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.metrics.MetricName;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is assigned coming: one target for each run, one lane for each leader.
 *
 * <p>Belongs to the client's loop; the polling thread reaches it by tasks, and by {@link
 * #prefetched} and the runs, which are safe for both.
 */
final class FetchEngine implements ClusterListener {
  private static final Logger log = LoggerFactory.getLogger(FetchEngine.class);

  /** So many failures in a row of one partition are worth telling the operator. */
  private static final int MANY_FAILURES = 8;

  private final Cluster cluster;
  private final FetchSettings settings;
  private final Handover handover;
  private final StartLookup starts;
  private final AnswerRules rules = new AnswerRules();
  private final PrefetchMemory prefetched = new PrefetchMemory();

  /** In the order in which they are asked for: who was served goes to the end. */
  private final Map<TopicPartition, FetchTarget> targets = new LinkedHashMap<>();

  private final Map<Integer, LeaderLane> lanes = new TreeMap<>();
  private final LongAdder fetchedBytes;
  private boolean askScheduled;
  private boolean closed;

  FetchEngine(Cluster cluster, FetchSettings settings, Handover handover) {
    this.cluster = cluster;
    this.settings = settings;
    this.handover = handover;
    this.starts = new StartLookup(this, cluster);
    this.fetchedBytes = cluster.figures().counter(MetricName.BYTES_FETCHED);
    cluster.figures().gauge(MetricName.PREFETCHED_BYTES, prefetched::heldBytes);
  }

  FetchSettings settings() {
    return settings;
  }

  PrefetchMemory prefetched() {
    return prefetched;
  }

  boolean isClosed() {
    return closed;
  }

  // ---- What the polling thread wants -----------------------------------------------------------

  void open() {
    cluster.loop().assertInLoop();
    cluster.addListener(this);
  }

  /** Reads these from now on; what was read of the same partitions before is over. */
  void start(List<ReadRun> runs) {
    cluster.loop().assertInLoop();
    if (closed) {
      return;
    }
    for (ReadRun run : runs) {
      drop(targets.remove(run.partition()));
      FetchTarget target = new FetchTarget(run);
      targets.put(run.partition(), target);
      starts.resolve(target);
    }
    askLeadersSoon();
  }

  void stop(Collection<TopicPartition> partitions) {
    cluster.loop().assertInLoop();
    partitions.forEach(partition -> drop(targets.remove(partition)));
  }

  private static void drop(@Nullable FetchTarget target) {
    if (target != null) {
      target.endPause();
      target.state = FetchTarget.State.DROPPED;
    }
  }

  void close() {
    cluster.loop().assertInLoop();
    closed = true;
    cluster.removeListener(this);
    stop(List.copyOf(targets.keySet()));
    lanes.values().forEach(LeaderLane::close);
    handover.close();
  }

  // ---- Asking ----------------------------------------------------------------------------------

  /** Once, after whatever this turn of the loop still brings. */
  void askLeadersSoon() {
    if (!askScheduled && !closed) {
      askScheduled = true;
      cluster.loop().execute(this::askLeaders);
    }
  }

  void askLeaders() {
    askScheduled = false;
    if (closed) {
      return;
    }
    prefetched.setWanted(true);
    Map<Integer, List<FetchTarget>> ready = new TreeMap<>();
    int holders = 0;
    for (FetchTarget target : List.copyOf(targets.values())) {
      if (!target.run().isPaused()) {
        holders += target.run().heldBytes() > 0 ? 1 : 0;
        if (target.state == FetchTarget.State.READY) {
          leader(target)
              .ifPresent(id -> ready.computeIfAbsent(id, none -> new ArrayList<>()).add(target));
        }
      }
    }
    boolean wanted = false;
    for (Map.Entry<Integer, List<FetchTarget>> each : ready.entrySet()) {
      LeaderLane lane =
          lanes.computeIfAbsent(each.getKey(), id -> new LeaderLane(id, this, cluster));
      wanted |= lane.mayAsk() && ask(lane, each.getValue(), holders);
    }
    prefetched.setWanted(wanted);
  }

  /** True when some were left out because enough is held of them. */
  private boolean ask(LeaderLane lane, List<FetchTarget> ready, int holders) {
    long reserved = 0;
    int leaders = lane.isAsked() ? 0 : 1;
    for (LeaderLane each : lanes.values()) {
      reserved += each.reservedBytes();
      leaders += each.isAsked() ? 1 : 0;
    }
    FetchPlan plan =
        new FetchPlan(settings.prefetchBytes(), prefetched.heldBytes(), reserved, holders, leaders);
    List<FetchTarget> asked = new ArrayList<>(ready.size());
    int[] bytes = new int[ready.size()];
    for (FetchTarget target : ready) {
      int wish = plan.partitionBytes(target.run().heldBytes(), settings.maxPartitionBytes());
      if (wish > 0) {
        bytes[asked.size()] = wish;
        asked.add(target);
      }
    }
    if (!asked.isEmpty()) {
      lane.ask(asked, bytes, plan.answerBytes(settings.maxBytes()));
    }
    return asked.size() < ready.size();
  }

  /** The broker to ask; absent when the target has to wait for something first. */
  private OptionalInt leader(FetchTarget target) {
    TopicPartition partition = target.partition();
    KnownTopic topic = cluster.topic(partition.topic());
    if (topic == null) {
      starts.resolve(target);
      return OptionalInt.empty();
    }
    if (!topic.id().equals(target.run().topicId())) {
      starts.replaced(target, topic);
      return OptionalInt.empty();
    }
    OptionalInt leader = topic.leader(partition.partition());
    target.askedEpoch = topic.leaderEpoch(partition.partition());
    if (leader.isEmpty()) {
      lookAgainLater(target, "nobody leads it");
    }
    return leader;
  }

  // ---- Answers ---------------------------------------------------------------------------------

  /** True when it came to anything, be it an error. */
  boolean answered(FetchTarget target, FetchResult result, ByteBuffer share, FetchedFrame frame) {
    TopicPartition partition = target.partition();
    KnownTopic known = cluster.topic(partition.topic());
    KnownTopic topic = known != null && known.id().equals(target.run().topicId()) ? known : null;
    int seenEpoch = topic == null ? target.askedEpoch : topic.leaderEpoch(partition.partition());
    FetchAnswer answer = rules.judge(target.offset, seenEpoch, result, share);
    if (answer instanceof FetchAnswer.Served served) {
      if (topic != null && result.getLeaderEpoch() > seenEpoch) {
        topic.seen(partition.partition(), result.getLeaderEpoch());
        cluster.lookAgain(topic.name());
      }
      return served(target, result, served, share, frame);
    }
    if (answer instanceof FetchAnswer.Truncated truncated) {
      fail(target, position -> ReadFailures.truncated(partition, position, truncated.endOffset()));
    } else if (answer instanceof FetchAnswer.OutOfRange && target.askedEpoch < seenEpoch) {
      lookAgainLater(target, "out of range, says a leader of the past");
    } else if (answer instanceof FetchAnswer.OutOfRange range) {
      starts.outOfRange(target, range);
    } else if (answer instanceof FetchAnswer.Refused refused) {
      refused(target, refused.error());
    } else if (answer instanceof FetchAnswer.Ignored ignored) {
      lookAgainLater(target, "an answer was ignored: " + ignored.why());
    }
    return true;
  }

  private boolean served(
      FetchTarget target,
      FetchResult result,
      FetchAnswer.Served served,
      ByteBuffer share,
      FetchedFrame frame) {
    ReadRun run = target.run();
    run.setHighWatermark(result.getHighWatermark());
    boolean progress = served.nextOffset() > target.offset;
    if (served.goodBytes() > 0) {
      fetchedBytes.add(served.goodBytes());
      ByteBuffer good = share.slice(share.position(), served.goodBytes());
      handover.give(new Delivery.Records(new FetchedShare(run, good, served.nextOffset(), frame)));
      target.lastEpoch = served.lastEpoch();
      toTheEnd(target);
    } else if (progress) {
      handover.give(new Delivery.Passed(run, served.nextOffset()));
    }
    target.offset = served.nextOffset();
    target.served = true;
    target.trouble = "";
    FetchAnswer.Damage damage = served.damage();
    if (damage != null) {
      damaged(
          target,
          position ->
              ReadFailures.corrupt(
                  target.partition(),
                  position,
                  damage.nextOffset(),
                  damage.what() + target.run().from()));
    } else if (served.withheld() && !progress) {
      withheld(target);
    } else {
      target.failures = 0;
    }
    return progress || damage != null || served.withheld();
  }

  /**
   * No leader does that for long: either its watermark or the batch's base offset, which no
   * checksum covers, is wrong, and then the application must hear of it.
   */
  private void withheld(FetchTarget target) {
    String why = "the leader sends records that it says are not committed";
    if (target.failures + 1 >= MANY_FAILURES) {
      TopicPartition partition = target.partition();
      damaged(target, position -> ReadFailures.corrupt(partition, position, position + 1, why));
    } else {
      retryLater(target, why, null);
    }
  }

  private void toTheEnd(FetchTarget target) {
    targets.remove(target.partition());
    targets.put(target.partition(), target);
  }

  void refused(FetchTarget target, Error error) {
    if (target.state != FetchTarget.State.READY) {
      return;
    }
    String why = error.getCode() + ": " + error.getMessage();
    if (error.getCode() == ErrorCode.CORRUPT_BATCH && target.failures + 1 >= MANY_FAILURES) {
      // The leader knows that its copy is damaged there, and no other replica could take its place.
      TopicPartition partition = target.partition();
      String told = "the answer" + target.run().from() + ": " + error.getMessage();
      fail(target, position -> ReadFailures.corrupt(partition, position, position + 1, told));
      return;
    }
    switch (BrokerErrors.verdict(error)) {
      case LOOK_AGAIN -> lookAgainLater(target, why);
      case LATER, UNKNOWN -> retryLater(target, why, null);
      case NEVER -> {
        TopicPartition partition = target.partition();
        fail(
            target,
            position -> BrokerErrors.exception(error, partition.topic(), partition.partition()));
      }
    }
  }

  /** No answer came, to a fetch of these. */
  void unanswered(List<FetchTarget> asked, String why) {
    if (closed) {
      return;
    }
    for (FetchTarget target : asked) {
      if (target.state == FetchTarget.State.READY) {
        target.trouble = why;
        cluster.lookAgain(target.partition().topic());
      }
    }
  }

  /** Something may be asked for again. */
  void exchangeEnded() {
    handover.wake();
    askLeadersSoon();
  }

  // ---- How a target goes on --------------------------------------------------------------------

  void located(FetchTarget target) {
    target.failures = 0;
    handover.give(new Delivery.Located(target.run(), target.offset));
    handover.wake();
    askLeadersSoon();
  }

  /** The leader may not know of it, and hears of it when it is asked again from there. */
  private void damaged(FetchTarget target, LongFunction<MillraceException> why) {
    target.state = FetchTarget.State.FAILED;
    handover.give(new Delivery.Damaged(target.run(), why));
    handover.wake();
  }

  /** The application is told, when it has read what was fetched before. */
  void fail(FetchTarget target, LongFunction<MillraceException> why) {
    target.state = FetchTarget.State.FAILED;
    handover.give(new Delivery.Failed(target.run(), why));
    handover.wake();
  }

  private void lookAgainLater(FetchTarget target, String why) {
    cluster.lookAgain(target.partition().topic());
    retryLater(target, why, null);
  }

  /**
   * After a pause that grows from failure to failure.
   *
   * @param how null: by the next fetch
   */
  void retryLater(FetchTarget target, String why, @Nullable Runnable how) {
    target.trouble = why;
    target.failures++;
    if (target.failures == MANY_FAILURES) {
      log.warn("{} cannot be read, and goes on trying: {}", target, why);
    } else {
      log.debug("{} is tried again later: {}", target, why);
    }
    target.state = FetchTarget.State.PAUSING;
    target.endPause();
    long nanos = MILLISECONDS.toNanos(cluster.backoffMillis(target.failures));
    target.pause =
        cluster
            .loop()
            .schedule(
                nanos,
                () -> {
                  target.pause = null;
                  if (target.state == FetchTarget.State.PAUSING && !closed) {
                    if (how != null) {
                      how.run();
                    } else {
                      target.state = FetchTarget.State.READY;
                    }
                    askLeadersSoon();
                  }
                });
  }

  // ---- News of the cluster ---------------------------------------------------------------------

  /** Another leader, perhaps: who waits for one need not wait any longer. */
  @Override
  public void onTopic(KnownTopic topic) {
    for (FetchTarget target : targets.values()) {
      boolean waits =
          target.state == FetchTarget.State.PAUSING
              && target.offset >= 0
              && target.run().topicId().equals(topic.id());
      if (waits && topic.leaderEpoch(target.partition().partition()) > target.askedEpoch) {
        target.endPause();
        target.state = FetchTarget.State.READY;
      }
    }
    askLeadersSoon();
  }

  @Override
  public void onTopicGone(KnownTopic topic) {
    for (FetchTarget target : targets.values()) {
      boolean concerned =
          target.state != FetchTarget.State.FAILED && target.run().topicId().equals(topic.id());
      if (concerned) {
        target.endPause();
        fail(
            target,
            position ->
                new UnknownTopicException(topic.name(), "topic " + topic.name() + " was deleted"));
      }
    }
  }

  @Override
  public void onBroker(int brokerId) {
    askLeadersSoon();
  }
}
