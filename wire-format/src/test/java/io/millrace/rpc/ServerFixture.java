package io.millrace.rpc;

import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A server on the far side of a simulated network, and raw peers of it. */
final class ServerFixture implements AutoCloseable {
  final MemoryWorld world;
  final RecordingRequests handler = new RecordingRequests();
  final RpcServerSettings settings;
  final RpcServer server;

  /** What was told of finished requests, in order. */
  final List<FinishedCopy> finished = new ArrayList<>();

  /** The original must not be kept. */
  record FinishedCopy(
      EventLoop loop,
      Request.ApiCase api,
      RequestPhases.Outcome outcome,
      ErrorCode error,
      long sizeBytes,
      long answerSizeBytes,
      long queuedNanos,
      long handledNanos,
      long sentNanos) {
    static FinishedCopy of(EventLoop loop, RequestPhases.Finished request) {
      loop.assertInLoop();
      return new FinishedCopy(
          loop,
          request.api(),
          request.outcome(),
          request.error(),
          request.sizeBytes(),
          request.answerSizeBytes(),
          request.startedNanos() - request.arrivedNanos(),
          request.answeredNanos() - request.startedNanos(),
          request.writtenNanos() - request.answeredNanos());
    }
  }

  ServerFixture(long seed, RpcServerSettings settings) {
    this.settings = settings;
    world = new MemoryWorld(seed);
    HelloResponse hello =
        HelloResponse.newBuilder()
            .setClusterId("cluster-1")
            .setBrokerId(1)
            .setLimits(settings.limits())
            .build();
    try {
      server =
          RpcServer.listen(
              world.far(),
              world.address(),
              settings,
              () -> hello,
              handler,
              loop -> request -> finished.add(FinishedCopy.of(loop, request)));
    } catch (IOException e) {
      throw new AssertionError("a simulated port was taken", e);
    }
  }

  RawPeer connect() {
    return RawPeer.connect(world, server.address());
  }

  RawPeer greet() {
    return RawPeer.greet(world, server.address());
  }

  static Request request(long correlationId) {
    return Request.newBuilder()
        .setCorrelationId(correlationId)
        .setListTopics(ListTopicsRequest.getDefaultInstance())
        .build();
  }

  void awaitRequests(int count) {
    world.await(count + " requests", () -> handler.count() >= count);
  }

  List<Response> awaitResponses(RawPeer peer, int count) {
    world.await(count + " responses", () -> peer.frameCount() >= count);
    return peer.responses();
  }

  void awaitClosed(RawPeer peer) {
    world.await("closed", peer::isClosed);
  }

  /** That a peer still gets its answers. */
  boolean serves(RawPeer peer) {
    int before = peer.frameCount();
    int requests = handler.count();
    peer.send(request(before + 1_000));
    awaitRequests(requests + 1);
    RecordingRequests.answerOnLoop(handler.get(requests));
    List<Response> responses = awaitResponses(peer, before + 1);
    return responses.get(before).getCorrelationId() == before + 1_000 && !peer.isClosed();
  }

  long nowMillis() {
    return world.scheduler().nanoTime() / 1_000_000;
  }

  @Override
  public void close() {
    server.close();
    world.close();
  }
}
