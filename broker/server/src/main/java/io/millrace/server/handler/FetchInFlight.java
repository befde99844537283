package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.FetchWaiter;
import io.millrace.server.partition.ReadResult;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One fetch of a consumer, from its arrival to its answer, perhaps over a long wait. Owner: the
 * loop of its connection.
 *
 * <p>It looks at all its partitions, shard by shard. With enough bytes, an error, or no time left
 * it answers; otherwise each shard has kept a waiter for it, the first of which to have enough
 * makes it look again. What a look has found and does not answer with is released: a waiting fetch
 * holds neither files nor memory but its own.
 *
 * <p>What a partition has is not always in memory: then it says that there is something but gives
 * nothing, and wakes the fetch when that has changed. A fetch with nothing else to answer waits for
 * it, be its time over.
 */
final class FetchInFlight {
  /** Longer than any disk should take; then the answer is empty, and the client asks again. */
  private static final long DISK_PATIENCE_NANOS = 5_000_000_000L;

  /** The partitions of the fetch that one shard owns. */
  private static final class Part {
    final Shard shard;
    final List<ReadResult.Spec> specs = new ArrayList<>();
    final List<Integer> indexes = new ArrayList<>();
    @Nullable FetchWaiter waiter;

    Part(Shard shard) {
      this.shard = shard;
    }
  }

  private final InboundRequest request;
  private final FetchShape shape;
  private final Shard home;
  private final BooleanSupplier stopping;
  private final List<Part> parts;
  private final @Nullable ReadResult[] results;

  private int looking;
  private boolean lookAgain;
  private boolean waitIsOver;
  private boolean waitsForDisk;
  private boolean patienceIsOver;
  private boolean ended;
  private @Nullable Timer timer;

  /**
   * @param home the shard of the connection's loop
   * @param stopping whether the broker takes no more requests
   */
  FetchInFlight(
      InboundRequest request,
      FetchShape shape,
      List<Shard> shards,
      Shard home,
      BooleanSupplier stopping) {
    this.request = request;
    this.shape = shape;
    this.home = home;
    this.stopping = stopping;
    this.results = new ReadResult[shape.specs().size()];
    Map<Shard, Part> byShard = new LinkedHashMap<>();
    for (int i = 0; i < shape.specs().size(); i++) {
      ReadResult.Spec spec = shape.specs().get(i);
      Part part = byShard.computeIfAbsent(spec.id().ownerAmong(shards), Part::new);
      part.specs.add(spec);
      part.indexes.add(i);
    }
    this.parts = List.copyOf(byShard.values());
  }

  void start() {
    long now = home.loop().clock().nanoTime();
    long waitNanos = Math.min(shape.maxWaitNanos(), request.deadlineNanos() - now);
    waitIsOver = waitNanos <= 0;
    look();
    if (!ended) {
      if (!waitIsOver) {
        timer = home.loop().schedule(waitNanos, this::onWaitOver);
      }
      request.onAbandoned(this::onAbandoned);
    }
  }

  private void look() {
    looking = parts.size();
    lookAgain = false;
    for (Part part : parts) {
      Runnable wake = waitIsOver && !waitsForDisk ? null : () -> home.deliver(this::onWoken);
      Shard.Look look = new Shard.Look(part.specs, shape.maxBytes(), shape.minBytes(), wake);
      boolean taken =
          part.shard.offer(
              () -> {
                Shard.Found found = part.shard.look(look);
                home.deliver(() -> onFound(part, found));
              });
      if (!taken) {
        onFound(part, busy(part));
      }
    }
  }

  private static Shard.Found busy(Part part) {
    ReadResult refused =
        new ReadResult.Refused(
            new Refusal(ErrorCode.BUSY, "the owner of the partition is too far behind; retry"),
            0,
            0);
    ReadResult[] all = new ReadResult[part.specs.size()];
    Arrays.fill(all, refused);
    return new Shard.Found(List.of(all), null);
  }

  private void onFound(Part part, Shard.Found found) {
    part.waiter = found.waiter();
    for (int i = 0; i < part.specs.size(); i++) {
      results[part.indexes.get(i)] = found.results().get(i);
    }
    if (--looking > 0) {
      return;
    }
    if (ended) {
      releaseResults();
      cancelWaiters();
    } else if (isEnough() || (waitIsOver && (patienceIsOver || !isOnItsWay()))) {
      answer();
    } else {
      if (waitIsOver && !waitsForDisk) {
        waitsForDisk = true;
        lookAgain = true; // the last look has left no waiters
        timer = home.loop().schedule(DISK_PATIENCE_NANOS, this::onPatienceOver);
      }
      long missing = shape.minBytes() - foundBytes();
      releaseResults();
      if (lookAgain) {
        cancelWaiters();
        look();
      } else {
        arm(missing);
      }
    }
  }

  /** However what is missing comes to the shards: when all of it is there, one has its part. */
  private void arm(long missing) {
    long share = (missing + parts.size() - 1) / parts.size();
    for (Part part : parts) {
      FetchWaiter waiter = part.waiter;
      if (waiter != null) {
        part.shard.deliver(() -> waiter.arm(share));
      }
    }
  }

  /** Nothing was found, but only because it has to come from the disk first. */
  private boolean isOnItsWay() {
    boolean onItsWay = false;
    for (ReadResult result : results) {
      if (result instanceof ReadResult.Served served) {
        if (served.slice().isPresent()) {
          return false;
        }
        onItsWay |= served.onItsWay();
      }
    }
    return onItsWay;
  }

  private boolean isEnough() {
    for (ReadResult result : results) {
      if (!(result instanceof ReadResult.Served served) || served.heldBack()) {
        return true;
      }
    }
    return foundBytes() >= shape.minBytes();
  }

  private long foundBytes() {
    long bytes = 0;
    for (ReadResult result : results) {
      bytes += result instanceof ReadResult.Served served ? served.sizeBytes() : 0;
    }
    return bytes;
  }

  private void onWoken() {
    lookOnceMore();
  }

  private void onWaitOver() {
    waitIsOver = true;
    lookOnceMore();
  }

  private void onPatienceOver() {
    patienceIsOver = true;
    lookOnceMore();
  }

  private void lookOnceMore() {
    if (ended) {
      return;
    }
    lookAgain = true;
    if (looking == 0) {
      cancelWaiters();
      look();
    }
  }

  private void onAbandoned() {
    if (!ended) {
      end();
      request.drop();
    }
  }

  private void answer() {
    end();
    if (stopping.getAsBoolean()) {
      releaseResults();
      request.refuse(ErrorCode.STOPPING, "the broker is stopping; find the new leader and retry");
      return;
    }
    FetchResponse.Builder response = FetchResponse.newBuilder();
    List<Payload> payload = new ArrayList<>();
    long left = shape.maxBytes();
    for (int i = 0; i < results.length; i++) {
      ReadResult result = results[i];
      results[i] = null;
      if (result instanceof ReadResult.Served served && served.slice().isPresent()) {
        // Each shard has kept to the budget, but all together they may not have.
        if (payload.isEmpty() || served.sizeBytes() <= left) {
          payload.add(new Payload.Slice(served.slice().get()));
          left -= served.sizeBytes();
          ReadResult.Spec spec = shape.specs().get(i);
          home.traffic(spec.id().topicId())
              .fetched(served.sizeBytes(), served.nextOffset() - spec.offset());
        } else {
          served.slice().get().release();
          result = served.heldBackAt(shape.specs().get(i).offset());
        }
      }
      response.addResults(FetchResults.encode(shape.specs().get(i), result));
    }
    request.answer(Response.newBuilder().setFetch(response), payload);
  }

  private void end() {
    ended = true;
    if (timer != null) {
      timer.cancel();
    }
    if (looking == 0) {
      cancelWaiters();
    }
  }

  private void cancelWaiters() {
    for (Part part : parts) {
      FetchWaiter waiter = part.waiter;
      if (waiter != null) {
        part.waiter = null;
        part.shard.deliver(waiter::cancel);
      }
    }
  }

  private void releaseResults() {
    for (int i = 0; i < results.length; i++) {
      if (results[i] instanceof ReadResult.Served served) {
        served.slice().ifPresent(slice -> slice.release());
      }
      results[i] = null;
    }
  }
}
