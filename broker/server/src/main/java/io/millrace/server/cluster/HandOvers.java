package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.HandOver;
import io.millrace.coordination.election.SetsWrite;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets other replicas lead what this broker leads, without a gap: once the other is near the log's
 * end, one write names it, and producers go on until that is known to be written. Owner: the
 * store's loop.
 *
 * <p>So many at a time, so that each partition waits for its own hand-over only.
 */
final class HandOvers {
  private static final Logger LOG = LoggerFactory.getLogger(HandOvers.class);
  private static final int WIDTH = 64;

  /** For the other to catch up with what has been appended. */
  private static final long CATCH_UP_NANOS = SECONDS.toNanos(1);

  private static final long AGAIN_NANOS = MILLISECONDS.toNanos(20);

  /** A write that takes longer: the partition is led on meanwhile, as by any leader in doubt. */
  private static final long WRITE_NANOS = MILLISECONDS.toNanos(500);

  private final EventLoop loop;
  private final Outlook outlook;
  private final LocalPartitions partitions;
  private final HandOver handOver;
  private final Replicas replicas;
  private final ElectionCounts counts;
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private int underWay;
  private boolean isLeaving;

  /** What came of one. */
  sealed interface Result {
    record Done(PartitionImage now) implements Result {}

    /** It is led where it was, or already elsewhere. */
    record Left(String why) implements Result {}
  }

  HandOvers(
      EventLoop loop,
      Outlook outlook,
      LocalPartitions partitions,
      HandOver handOver,
      Replicas replicas,
      ElectionCounts counts) {
    this.counts = counts;
    this.loop = loop;
    this.outlook = outlook;
    this.partitions = partitions;
    this.handOver = handOver;
    this.replicas = replicas;
  }

  /**
   * @param then on the loop
   */
  void run(Replica replica, int to, String why, Consumer<Result> then) {
    waiting.add(() -> begin(replica, to, why, then));
    more();
  }

  /** From now on this broker leaves the in-sync sets too of what it hands over, where it can. */
  void leaveToo() {
    isLeaving = true;
  }

  private void more() {
    while (underWay < WIDTH && !waiting.isEmpty()) {
      underWay++;
      waiting.remove().run();
    }
  }

  private void begin(Replica replica, int to, String why, Consumer<Result> then) {
    int epoch = replica.epochLed;
    if (epoch < 0 || outlook.incarnation() != replica.incarnationLed) {
      end(new Result.Left("this broker does not lead it"), then);
      return;
    }
    ask(replica, epoch, to, loop.clock().nanoTime() + CATCH_UP_NANOS, why, then);
  }

  private void ask(
      Replica replica, int epoch, int to, long deadlineNanos, String why, Consumer<Result> then) {
    partitions.handOver(
        replica.id,
        to,
        CATCH_UP_NANOS,
        ready -> {
          if (replica.epochLed != epoch) {
            end(new Result.Left("this broker does not lead it any more"), then);
          } else if (ready.isPresent()) {
            write(replica, epoch, to, ready.get(), why, then);
          } else if (loop.clock().nanoTime() - deadlineNanos >= 0) {
            end(new Result.Left("broker " + to + " did not catch up in time"), then);
          } else {
            // It has just been elected, and is not ready to lead, so not to hand over either.
            loop.schedule(AGAIN_NANOS, () -> ask(replica, epoch, to, deadlineNanos, why, then));
          }
        });
  }

  private void write(
      Replica replica, int epoch, int to, int life, String why, Consumer<Result> then) {
    PartitionId id = replica.id;
    loop.schedule(WRITE_NANOS, () -> goOn(replica, epoch));
    handOver
        .write(
            id.topicId(),
            id.partition(),
            new HandOver.Change(
                outlook.self(), replica.incarnationLed, epoch, to, life, membersLeft(id), why))
        .whenComplete(
            (outcome, bug) -> {
              Result result = result(id, outcome, bug);
              if (result instanceof Result.Done done) {
                counts.handedOver();
                replicas.onHandedOver(replica, done.now());
              } else {
                goOn(replica, epoch);
              }
              end(result, then);
            });
  }

  private OptionalInt membersLeft(PartitionId id) {
    TopicImage topic = outlook.topicOf(id);
    return isLeaving && topic != null
        ? OptionalInt.of(partitions.settingsOf(topic).minInSync())
        : OptionalInt.empty();
  }

  /** Without effect where it is not led in that epoch any more. */
  private void goOn(Replica replica, int epoch) {
    if (replica.epochLed == epoch) {
      partitions.leadOn(replica.id);
    }
  }

  private static Result result(
      PartitionId id, SetsWrite.@Nullable Outcome outcome, @Nullable Throwable bug) {
    if (bug != null || outcome == null) {
      LOG.error("{}: handing over failed", id, bug);
      return new Result.Left("the broker failed on it: " + bug);
    }
    if (outcome instanceof SetsWrite.Outcome.Written written) {
      return new Result.Done(written.now());
    }
    if (outcome instanceof SetsWrite.Outcome.Moved moved) {
      return new Result.Left("the partition has changed meanwhile: " + moved.now().lastChange());
    }
    return new Result.Left(
        outcome instanceof SetsWrite.Outcome.Refused refused
            ? refused.why()
            : ((SetsWrite.Outcome.Unknown) outcome).why());
  }

  private void end(Result result, Consumer<Result> then) {
    underWay--;
    then.accept(result);
    more();
  }

  /**
   * The first replica in order of preference, other than this broker, that could lead without loss;
   * not one that gives its own leaderships away.
   */
  static Optional<Integer> target(PartitionImage image, Outlook outlook, DrainingPeers draining) {
    return image.replicas().stream()
        .filter(id -> isReady(id, image, outlook) && !draining.contains(id, outlook))
        .findFirst();
  }

  static boolean isReady(int replica, PartitionImage image, Outlook outlook) {
    return replica != outlook.self()
        && image.inSync().contains(replica)
        && outlook.up().containsKey(replica);
  }
}
