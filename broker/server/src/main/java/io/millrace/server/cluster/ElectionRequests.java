package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ElectionKind;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Elections that somebody asks for. Any broker takes them: a leader alone can hand over, so it is
 * asked where another broker leads; an unclean election any broker can decide. Any thread.
 */
public final class ElectionRequests {
  private static final long PEER_NANOS = SECONDS.toNanos(10);

  private final EventLoop loop;
  private final Outlook outlook;
  private final Leaderships leaderships;
  private final UncleanElections unclean;
  private final PeerCalls peers;

  ElectionRequests(
      EventLoop loop,
      Outlook outlook,
      Leaderships leaderships,
      UncleanElections unclean,
      PeerCalls peers) {
    this.loop = loop;
    this.outlook = outlook;
    this.leaderships = leaderships;
    this.unclean = unclean;
    this.peers = peers;
  }

  /**
   * @param partitions of the topic
   * @param ofBroker another broker asks for what this one leads: it is not asked on
   * @return one result for each, in order of their numbers; completes on the store's loop
   */
  public CompletionStage<List<ElectLeaderResult>> elect(
      TopicImage topic, Collection<Integer> partitions, ElectionKind kind, boolean ofBroker) {
    CompletableFuture<List<ElectLeaderResult>> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          Running running = new Running(topic, ofBroker, partitions.size(), done);
          if (kind == ElectionKind.UNCLEAN) {
            unclean.elect(topic, partitions, UncleanElection.Cause.COMMAND, running::end);
          } else {
            running.preferred(partitions);
          }
        });
    return done;
  }

  /** One request. */
  private final class Running {
    private final TopicImage topic;
    private final boolean ofBroker;
    private final int count;
    private final CompletableFuture<List<ElectLeaderResult>> done;
    private final Map<Integer, ElectLeaderResult> results = new TreeMap<>();

    Running(
        TopicImage topic,
        boolean ofBroker,
        int count,
        CompletableFuture<List<ElectLeaderResult>> done) {
      this.topic = topic;
      this.ofBroker = ofBroker;
      this.count = count;
      this.done = done;
    }

    void preferred(Collection<Integer> partitions) {
      Map<Integer, List<Integer>> elsewhere = new TreeMap<>();
      for (int number : partitions) {
        PartitionId id = new PartitionId(topic.id(), number);
        PartitionImage image = outlook.imageOf(id);
        if (image == null || image.leader().isEmpty()) {
          end(number, failed(ErrorCode.UNAVAILABLE, "nobody leads it"));
        } else if (image.leader().getAsInt() == outlook.self()) {
          leaderships
              .elect(id)
              .whenComplete((outcome, bug) -> loop.execute(() -> end(number, outcome, bug)));
        } else if (ofBroker) {
          end(
              number,
              failed(
                  ErrorCode.NOT_LEADER,
                  "broker " + image.leader().getAsInt() + " leads it by now; retry"));
        } else {
          elsewhere
              .computeIfAbsent(image.leader().getAsInt(), leader -> new ArrayList<>())
              .add(number);
        }
      }
      elsewhere.forEach(this::ask);
    }

    private void ask(int leader, List<Integer> numbers) {
      BrokerImage peer = outlook.catalog().image().brokers().get(leader);
      Consumer<String> unanswered =
          why -> numbers.forEach(number -> end(number, failed(ErrorCode.UNAVAILABLE, why)));
      if (peer == null) {
        unanswered.accept("its leader, broker " + leader + ", is not live");
        return;
      }
      ElectLeadersRequest.Builder request =
          ElectLeadersRequest.newBuilder()
              .setTopic(topic.name())
              .addAllPartitions(numbers)
              .setKind(ElectionKind.PREFERRED);
      peers
          .ask(peer, Request.newBuilder().setElectLeaders(request), PEER_NANOS)
          .thenAccept(
              outcome -> {
                if (outcome instanceof PeerCalls.Outcome.NoAnswer no) {
                  unanswered.accept(no.why());
                  return;
                }
                var response = ((PeerCalls.Outcome.Answered) outcome).response();
                if (response.hasError()) {
                  unanswered.accept(response.getError().getMessage());
                } else {
                  response
                      .getElectLeaders()
                      .getResultsList()
                      .forEach(result -> end(result.getPartition(), result.toBuilder()));
                }
              });
    }

    private void end(int number, ElectOutcome outcome, Throwable bug) {
      if (bug != null) {
        end(number, failed(ErrorCode.INTERNAL, "the broker failed on it: " + bug));
      } else {
        end(number, outcome);
      }
    }

    void end(int number, ElectOutcome outcome) {
      if (outcome instanceof ElectOutcome.Settled settled) {
        ElectLeaderResult.Builder result =
            ElectLeaderResult.newBuilder()
                .setLeaderEpoch(settled.now().leaderEpoch())
                .setWhat(settled.what());
        settled.now().leader().ifPresent(result::setLeader);
        end(number, result);
      } else {
        end(number, failed(ErrorCode.UNAVAILABLE, ((ElectOutcome.Failed) outcome).why()));
      }
    }

    private void end(int number, ElectLeaderResult.Builder result) {
      results.put(number, result.setPartition(number).build());
      if (results.size() == count) {
        done.complete(List.copyOf(results.values()));
      }
    }

    private static ElectLeaderResult.Builder failed(ErrorCode code, String why) {
      return ElectLeaderResult.newBuilder()
          .setError(Error.newBuilder().setCode(code).setMessage(why));
    }
  }
}
