package io.millrace.client.cluster;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.LocateGroupRequest;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One request to the coordinator of a group: finds out where the group is kept, unless that is
 * known, and asks whoever leads there until there is an answer. On the client's loop.
 */
public final class GroupCall implements LeaderCall.Listener<Response> {
  /** Where groups are kept; see PROTOCOL.md. */
  static final String TOPIC = "__groups";

  private final Cluster cluster;
  private final Place place;
  private final Question question;
  private final long deadlineNanos;
  private final Done<Response> done;
  private @Nullable BrokerCall locating;
  private @Nullable LeaderCall<Response> asking;
  private boolean ended;

  /** Where a group is kept: for ever the same, once somebody has said it. */
  public static final class Place {
    private final String groupId;
    private @Nullable TopicPartition partition;

    public Place(String groupId) {
      this.groupId = groupId;
    }
  }

  /**
   * What is asked.
   *
   * @param request made anew for each try
   * @param leaderEpoch of an answer
   * @param changes whether asking twice may do harm
   * @param patienceNanos after which the coordinator is looked for again; the time-out of requests
   *     if that is shorter
   */
  public record Question(
      Supplier<Request.Builder> request,
      ToIntFunction<Response> leaderEpoch,
      boolean changes,
      long patienceNanos) {
    /** As patient as with any other request. */
    public Question(
        Supplier<Request.Builder> request, ToIntFunction<Response> leaderEpoch, boolean changes) {
      this(request, leaderEpoch, changes, Long.MAX_VALUE);
    }
  }

  private GroupCall(
      Cluster cluster, Place place, Question question, long timeoutNanos, Done<Response> done) {
    this.cluster = cluster;
    this.place = place;
    this.question = question;
    this.deadlineNanos = cluster.clock().nanoTime() + timeoutNanos;
    this.done = done;
  }

  /**
   * Asks.
   *
   * @param done hears the answer, never one with an error of its own
   */
  public static GroupCall start(
      Cluster cluster, Place place, Question question, long timeoutNanos, Done<Response> done) {
    GroupCall call = new GroupCall(cluster, place, question, timeoutNanos, done);
    TopicPartition known = place.partition;
    if (known == null) {
      call.locate(timeoutNanos);
    } else {
      call.ask(known);
    }
    return call;
  }

  private void locate(long timeoutNanos) {
    LocateGroupRequest.Builder locate = LocateGroupRequest.newBuilder().setGroupId(place.groupId);
    BrokerCall call =
        BrokerCall.start(
            cluster,
            () -> Request.newBuilder().setLocateGroup(locate),
            true,
            "",
            timeoutNanos,
            this::located);
    if (!ended) {
      locating = call;
    }
  }

  private void located(@Nullable Response response, @Nullable MillraceException e) {
    locating = null;
    if (ended) {
      return;
    }
    if (response == null) {
      end(null, e);
      return;
    }
    LocateGroupResponse where = response.getLocateGroup();
    TopicPartition partition = new TopicPartition(where.getTopic(), where.getPartition());
    place.partition = partition;
    ask(partition);
  }

  private void ask(TopicPartition partition) {
    long leftNanos = Math.max(1, deadlineNanos - cluster.clock().nanoTime());
    LeaderCall<Response> call =
        LeaderCall.start(
            cluster, new Api(partition, question), List.of(partition), leftNanos, this);
    if (!ended) {
      asking = call;
    }
  }

  @Override
  public void answered(TopicPartition partition, Response answer) {
    end(answer, null);
  }

  @Override
  public void failed(TopicPartition partition, MillraceException e) {
    end(null, e);
  }

  @Override
  public void finished() {}

  private void end(@Nullable Response answer, @Nullable MillraceException e) {
    if (!ended) {
      ended = true;
      done.done(answer, e);
    }
  }

  /** Nobody wants to know any more. */
  public void abandon() {
    ended = true;
    if (locating != null) {
      locating.close();
    }
    if (asking != null) {
      asking.abandon();
    }
  }

  /** Fails what is under way. */
  public void close() {
    if (locating != null) {
      locating.close();
    }
    if (asking != null) {
      asking.close();
    }
  }

  /** A question to one partition; its answers name none, as there is only one. */
  private static final class Api implements LeaderApi<Response> {
    private final TopicPartition partition;
    private final Question question;
    private String askedId = "";

    Api(TopicPartition partition, Question question) {
      this.partition = partition;
      this.question = question;
    }

    @Override
    public Request.Builder request(List<Asked> partitions) {
      askedId = partitions.get(0).topicId();
      return question.request().get();
    }

    @Override
    public List<Result<Response>> results(Response response) {
      int epoch = question.leaderEpoch().applyAsInt(response);
      return List.of(new Result<>(askedId, partition.partition(), null, epoch, 0, response));
    }

    @Override
    public boolean changes() {
      return question.changes();
    }

    @Override
    public long patienceNanos() {
      return question.patienceNanos();
    }
  }
}
