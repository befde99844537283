package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.ReadOutcome;
import io.millrace.rpc.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * Reads that outlast a short loss of contact: they wait for the next one and are sent again, within
 * a time and a number. Owner: the store's loop.
 */
final class PatientReads {
  /** Waiting reads beyond this are refused, so that a long loss of contact fills no memory. */
  static final int MAX_WAITING = 100_000;

  /** Sends a read; its answer comes on ZooKeeper's thread: a code, and a value if that is OK. */
  interface Sending<T> {
    void send(ZooKeeper handle, BiConsumer<Integer, @Nullable T> answer);
  }

  private final EventLoop loop;
  private final long patienceNanos;
  private final ArrayDeque<Waiting<?>> waiting = new ArrayDeque<>();
  private @Nullable ZooKeeper current;
  private boolean sweeping;
  private boolean closed;

  PatientReads(EventLoop loop, long patienceNanos) {
    this.loop = loop;
    this.patienceNanos = patienceNanos;
  }

  <T> CompletionStage<ReadOutcome<T>> read(String path, Sending<T> sending) {
    Waiting<T> read =
        new Waiting<>(path, sending, loop.clock().nanoTime(), new CompletableFuture<>());
    if (current != null) {
      send(read, current);
    } else {
      await(read);
    }
    return read.outcome;
  }

  private <T> void send(Waiting<T> read, ZooKeeper handle) {
    read.sending.send(
        handle, (rc, value) -> loop.execute(() -> onAnswer(read, Code.get(rc), value)));
  }

  private <T> void onAnswer(Waiting<T> read, Code code, @Nullable T value) {
    switch (code) {
      case OK -> {
        if (value == null) {
          throw new IllegalStateException("ZooKeeper answered " + read.path + " with nothing");
        }
        read.outcome.complete(new ReadOutcome.Found<>(value));
      }
      case NONODE -> read.outcome.complete(new ReadOutcome.Absent<>());
      case CONNECTIONLOSS, SESSIONEXPIRED, SESSIONMOVED, OPERATIONTIMEOUT, REQUESTTIMEOUT ->
          await(read);
      default ->
          read.outcome.complete(
              new ReadOutcome.Unavailable<>(code + " while reading " + read.path));
    }
  }

  private void await(Waiting<?> read) {
    if (closed || waiting.size() >= MAX_WAITING) {
      read.giveUp(closed ? "the store is closed" : "too many reads wait for ZooKeeper");
      return;
    }
    waiting.add(read);
    if (current != null) {
      // Contact came back before the loss was told: send with the next turn, not in a tight circle.
      loop.schedule(MILLISECONDS.toNanos(50), this::sendWaiting);
    }
    sweepLater();
  }

  void onContact(ZooKeeper handle) {
    current = handle;
    sendWaiting();
  }

  void onNoContact() {
    current = null;
  }

  private void sendWaiting() {
    ZooKeeper handle = current;
    if (handle == null) {
      return;
    }
    List<Waiting<?>> now = new ArrayList<>(waiting);
    waiting.clear();
    for (Waiting<?> read : now) {
      send(read, handle);
    }
  }

  private void sweepLater() {
    if (!sweeping) {
      sweeping = true;
      loop.schedule(patienceNanos / 4, this::sweep);
    }
  }

  private void sweep() {
    sweeping = false;
    long now = loop.clock().nanoTime();
    List<Waiting<?>> late = new ArrayList<>();
    waiting.removeIf(
        read -> {
          boolean isLate = now - read.sinceNanos >= patienceNanos;
          if (isLate) {
            late.add(read);
          }
          return isLate;
        });
    late.forEach(read -> read.giveUp("no contact with ZooKeeper"));
    if (!waiting.isEmpty()) {
      sweepLater();
    }
  }

  void close() {
    closed = true;
    current = null;
    List<Waiting<?>> left = new ArrayList<>(waiting);
    waiting.clear();
    left.forEach(read -> read.giveUp("the store is closed"));
  }

  private record Waiting<T>(
      String path, Sending<T> sending, long sinceNanos, CompletableFuture<ReadOutcome<T>> outcome) {
    void giveUp(String why) {
      outcome.complete(new ReadOutcome.Unavailable<>(why + " while reading " + path));
    }
  }
}
