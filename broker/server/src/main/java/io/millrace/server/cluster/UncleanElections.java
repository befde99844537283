package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ReplicaEnd;
import io.millrace.wire.v1.ReplicaEndsRequest;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaders for partitions of which the sets do not tell who could lead without loss: asks every
 * replica that can be reached how far it has come, and names the one that has the most. Owner: the
 * store's loop.
 */
final class UncleanElections {
  private static final Logger LOG = LoggerFactory.getLogger(UncleanElections.class);
  private static final long ANSWER_NANOS = SECONDS.toNanos(2);
  private static final int MAX_IN_REQUEST = 5_000;

  private final Outlook outlook;
  private final PeerCalls peers;
  private final UncleanElection election;
  private final ElectionCounts counts;

  /** Hears what each has come to. */
  interface Listener {
    void onElected(int partition, ElectOutcome outcome);
  }

  UncleanElections(
      Outlook outlook, PeerCalls peers, UncleanElection election, ElectionCounts counts) {
    this.counts = counts;
    this.outlook = outlook;
    this.peers = peers;
    this.election = election;
  }

  /**
   * @param then on the loop, once for each
   */
  void elect(
      TopicImage topic,
      Collection<Integer> partitions,
      UncleanElection.Cause cause,
      Listener then) {
    new Asking(topic, List.copyOf(partitions), cause, then).start();
  }

  /** One round of questions, and the elections that follow from the answers. */
  private final class Asking {
    private final TopicImage topic;
    private final List<Integer> partitions;
    private final UncleanElection.Cause cause;
    private final Listener then;
    private final Map<Integer, Map<Integer, UncleanElection.Reach>> reached = new HashMap<>();

    /** By partition, those whose copy cannot be used: they have answered, and have nothing. */
    private final Map<Integer, Set<Integer>> without = new HashMap<>();

    private int pending = 1;

    Asking(TopicImage topic, List<Integer> partitions, UncleanElection.Cause cause, Listener then) {
      this.topic = topic;
      this.partitions = partitions;
      this.cause = cause;
      this.then = then;
    }

    void start() {
      Map<Integer, List<ReplicaPartition>> byBroker = new TreeMap<>();
      for (int number : partitions) {
        PartitionImage image = outlook.imageOf(new PartitionId(topic.id(), number));
        for (int replica : image == null ? List.<Integer>of() : image.replicas()) {
          if (outlook.catalog().image().brokers().containsKey(replica)) {
            byBroker
                .computeIfAbsent(replica, id -> new ArrayList<>())
                .add(
                    ReplicaPartition.newBuilder()
                        .setTopicId(topic.id())
                        .setPartition(number)
                        .build());
          }
        }
      }
      byBroker.forEach(this::ask);
      answered();
    }

    /** This broker too: over its own listener, so that there is one way only. */
    private void ask(int broker, List<ReplicaPartition> which) {
      BrokerImage peer = outlook.catalog().image().brokers().get(broker);
      if (peer == null) {
        return;
      }
      for (int from = 0; from < which.size(); from += MAX_IN_REQUEST) {
        ReplicaEndsRequest.Builder ends =
            ReplicaEndsRequest.newBuilder()
                .addAllPartitions(
                    which.subList(from, Math.min(which.size(), from + MAX_IN_REQUEST)));
        pending++;
        peers
            .ask(peer, Request.newBuilder().setReplicaEnds(ends), ANSWER_NANOS)
            .thenAccept(
                outcome -> {
                  if (outcome instanceof PeerCalls.Outcome.Answered answer) {
                    answer
                        .response()
                        .getReplicaEnds()
                        .getResultsList()
                        .forEach(end -> note(peer, end));
                  } else {
                    LOG.warn("asking replicas for what they have: {}", outcome);
                  }
                  answered();
                });
      }
    }

    private void note(BrokerImage peer, ReplicaEnd end) {
      if (end.hasError()) {
        if (end.getError().getCode() == ErrorCode.STORAGE_FAILED) {
          without.computeIfAbsent(end.getPartition(), number -> new HashSet<>()).add(peer.id());
        }
      } else {
        reached
            .computeIfAbsent(end.getPartition(), number -> new HashMap<>())
            .put(
                peer.id(),
                new UncleanElection.Reach(
                    peer.incarnation(),
                    new LogPosition(end.getLastEpoch(), end.getLogEnd()),
                    end.getEpochSeen()));
      }
    }

    private void answered() {
      if (--pending == 0) {
        partitions.forEach(this::decide);
      }
    }

    private void decide(int number) {
      election
          .elect(
              topic.id(),
              number,
              reached.getOrDefault(number, Map.of()),
              without.getOrDefault(number, Set.of()),
              () -> outlook.catalog().incarnations(),
              cause)
          .whenComplete((outcome, bug) -> then.onElected(number, outcome(number, outcome, bug)));
    }

    private ElectOutcome outcome(int number, UncleanElection.Outcome outcome, Throwable bug) {
      if (bug != null) {
        LOG.error("{}-{}: the unclean election failed", topic.name(), number, bug);
        return new ElectOutcome.Failed("the broker failed on it: " + bug);
      }
      if (outcome instanceof UncleanElection.Outcome.Elected elected) {
        counts.uncleanlyElected();
        LOG.error(
            "{}-{}: committed records may be lost: {}",
            topic.name(),
            number,
            elected.now().possibleLoss());
        return new ElectOutcome.Settled(elected.now(), elected.now().lastChange());
      }
      if (outcome instanceof UncleanElection.Outcome.NotNeeded not) {
        return new ElectOutcome.Settled(not.now(), "nothing had to be lost: " + not.why());
      }
      return new ElectOutcome.Failed(
          outcome instanceof UncleanElection.Outcome.Impossible impossible
              ? impossible.why()
              : ((UncleanElection.Outcome.Unknown) outcome).why());
    }
  }
}
