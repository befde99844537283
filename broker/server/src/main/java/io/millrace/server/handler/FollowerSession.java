package io.millrace.server.handler;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.ReadResult;
import io.millrace.server.partition.SessionShare;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchSession;
import io.millrace.wire.v1.FlushedPartition;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All that one follower waits for over one connection, between its fetches too: each fetch names
 * only what is new, and is answered as soon as any of its shards has found something. Owner: the
 * loop of the connection.
 *
 * <p>It is found by nothing but its connection, and so cannot be guessed by another (B49).
 */
final class FollowerSession {
  /** Without data on its way, high watermarks are told so often. */
  private static final long TELL_NANOS = MILLISECONDS.toNanos(25);

  private static final long SWEEP_NANOS = MILLISECONDS.toNanos(250);

  /** A follower fetches every 25 ms; whose connection has gone without a trace is forgotten. */
  private static final long SILENT_NANOS = SECONDS.toNanos(10);

  private static final SessionShare.News NOTHING =
      new SessionShare.News(List.of(), List.of(), List.of());

  private final Follower follower;
  private final Shard home;
  private final BooleanSupplier stopping;
  private final List<Part> parts = new ArrayList<>();
  private Runnable whenOver = () -> {};

  private @Nullable Waiting waiting;
  private List<SessionShare.Result> found = new ArrayList<>();
  private boolean isUrgent;
  private long fetchedNanos;
  private long toldNanos;
  private long sweptNanos;
  private boolean isOver;

  /** The part of the session that is one shard's. */
  private static final class Part {
    final SessionShare share;

    /** It passes on what it finds; otherwise it waits until this answer is out. */
    boolean isOpen;

    Part(SessionShare share) {
      this.share = share;
    }
  }

  /** The fetch that waits for its answer. */
  private record Waiting(InboundRequest request, Timer timer) {}

  /**
   * @param first what the answers of all its fetches are bound by
   * @param home the shard of the connection's loop
   */
  FollowerSession(
      Follower follower,
      FetchShape first,
      List<Shard> shards,
      Shard home,
      BooleanSupplier stopping) {
    this.follower = follower;
    this.home = home;
    this.stopping = stopping;
    int shareBytes = Math.max(1, first.maxBytes() / shards.size());
    for (Shard shard : shards) {
      int index = parts.size();
      parts.add(
          new Part(
              new SessionShare(
                  shard, shareBytes, results -> home.deliver(() -> onFound(index, results)))));
    }
    fetchedNanos = now();
    toldNanos = fetchedNanos;
    sweptNanos = fetchedNanos;
    home.loop().schedule(SILENT_NANOS, this::endIfSilent);
  }

  private long now() {
    return home.loop().clock().nanoTime();
  }

  /**
   * @param action runs on its loop: nothing is kept any more
   */
  void whenOver(Runnable action) {
    whenOver = action;
  }

  boolean isOf(Follower other) {
    return follower.getBrokerId() == other.getBrokerId()
        && follower.getIncarnation() == other.getIncarnation();
  }

  /** The next fetch; the one before is answered with what there is. */
  void onFetch(InboundRequest request, FetchShape shape) {
    fetchedNanos = now();
    if (waiting != null) {
      answer();
    }
    long waitNanos = Math.min(shape.maxWaitNanos(), request.deadlineNanos() - fetchedNanos);
    Timer timer = home.loop().schedule(Math.max(0, waitNanos), () -> onWaitOver(request));
    waiting = new Waiting(request, timer);
    request.onAbandoned(this::end);
    if (isOver) {
      return; // the connection has closed already
    }
    if (isUrgent) {
      answer();
    }
    distribute(shape, request.head().getFetch().getSession());
    tellNow();
  }

  private void distribute(FetchShape shape, FetchSession session) {
    Map<Part, SessionShare.News> byPart = new HashMap<>();
    for (ReadResult.Spec spec : shape.specs()) {
      newsOf(spec.id(), byPart).named().add(spec);
    }
    for (ReplicaPartition each : session.getDroppedList()) {
      PartitionId id = new PartitionId(each.getTopicId(), each.getPartition());
      newsOf(id, byPart).dropped().add(id);
    }
    for (FlushedPartition each : session.getFlushedList()) {
      PartitionId id = new PartitionId(each.getTopicId(), each.getPartition());
      newsOf(id, byPart)
          .flushed()
          .add(
              new SessionShare.Flushed(
                  id, each.getLeaderEpoch(), Math.max(0, each.getFlushedOffset())));
    }
    for (Part part : parts) {
      SessionShare.News news = byPart.get(part);
      if (news != null || !part.isOpen) {
        SessionShare.News brought = news == null ? NOTHING : news;
        part.isOpen = true;
        part.share.shard().deliver(() -> part.share.onFetch(brought));
      }
    }
  }

  private SessionShare.News newsOf(PartitionId id, Map<Part, SessionShare.News> byPart) {
    return byPart.computeIfAbsent(
        id.ownerAmong(parts),
        part -> new SessionShare.News(new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
  }

  /** Has the shards say what they have no data to say with. */
  private void tellNow() {
    boolean sweeps = fetchedNanos - sweptNanos >= SWEEP_NANOS;
    if (sweeps) {
      sweptNanos = fetchedNanos;
    }
    boolean tells = fetchedNanos - toldNanos >= TELL_NANOS;
    if (tells) {
      toldNanos = fetchedNanos;
    }
    for (Part part : parts) {
      if (sweeps || (tells && part.share.hasQuietNews())) {
        part.share.shard().deliver(() -> part.share.tell(sweeps));
      }
    }
  }

  private void onFound(int index, List<SessionShare.Result> results) {
    if (isOver) {
      release(results);
      return;
    }
    found.addAll(results);
    if (results.stream().anyMatch(FollowerSession::isUrgent)) {
      isUrgent = true;
      parts.get(index).isOpen = false;
    }
    if (isUrgent && waiting != null) {
      answer();
    }
  }

  private static boolean isUrgent(SessionShare.Result found) {
    return !(found.result() instanceof ReadResult.Served served) || served.slice().isPresent();
  }

  private void onWaitOver(InboundRequest request) {
    if (waiting != null && waiting.request() == request) {
      answer();
    }
  }

  private void answer() {
    Waiting answered = waiting;
    if (answered == null) {
      return;
    }
    waiting = null;
    answered.timer().cancel();
    List<SessionShare.Result> all = found;
    found = new ArrayList<>();
    isUrgent = false;
    if (stopping.getAsBoolean()) {
      release(all);
      answered
          .request()
          .refuse(ErrorCode.STOPPING, "the broker is stopping; find the new leader and retry");
      return;
    }
    FetchResponse.Builder response = FetchResponse.newBuilder();
    List<Payload> payload = new ArrayList<>(all.size());
    for (SessionShare.Result each : all) {
      ReadResult.Spec spec = each.spec();
      if (each.result() instanceof ReadResult.Served served && served.slice().isPresent()) {
        payload.add(new Payload.Slice(served.slice().get()));
        home.traffic(spec.id().topicId())
            .fetched(served.sizeBytes(), served.nextOffset() - spec.offset());
      }
      response.addResults(FetchResults.encode(spec, each.result()));
    }
    answered.request().answer(Response.newBuilder().setFetch(response), payload);
  }

  private void endIfSilent() {
    long silent = now() - fetchedNanos;
    if (isOver) {
      return;
    }
    if (silent >= SILENT_NANOS) {
      end();
    } else {
      home.loop().schedule(SILENT_NANOS - silent, this::endIfSilent);
    }
  }

  /** The follower begins anew: the fetch that waits is answered, and that is all. */
  void finish() {
    answer();
    end();
  }

  /** Keeps nothing any more; a fetch that waits gets no answer, or has had it. */
  private void end() {
    if (isOver) {
      return;
    }
    isOver = true;
    Waiting left = waiting;
    waiting = null;
    if (left != null) {
      left.timer().cancel();
      left.request().drop();
    }
    release(found);
    found = new ArrayList<>();
    for (Part part : parts) {
      part.share.shard().deliver(part.share::close);
    }
    whenOver.run();
  }

  private static void release(List<SessionShare.Result> results) {
    for (SessionShare.Result each : results) {
      if (each.result() instanceof ReadResult.Served served) {
        served.slice().ifPresent(slice -> slice.release());
      }
    }
  }
}
