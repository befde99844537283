package io.millrace.rpc;

import io.millrace.wire.MessageScan;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the connections of one server on one loop share: parsing tools, counters, and one timer for
 * all their deadlines. Touched on that loop only, but for reading the counters.
 */
final class ServerLoop {
  /** How exactly deadlines are kept. */
  private static final long SWEEP_NANOS = 200_000_000;

  private static final int MAX_HEAD_SIZE = 4 << 20;

  /** 10,000 list elements, which is the limit of each list, and the fields beside the list. */
  private static final int MAX_API_FIELDS = 10_050;

  final EventLoop loop;
  final MessageScan scan = MessageScan.ofRequests(MAX_HEAD_SIZE, MAX_API_FIELDS);
  final HeadParser<Request> parser = new HeadParser<>(Request.parser());

  /** In order of arrival, so that what happens to all of them happens in the same order again. */
  private final Set<ServerConnection> connections = new LinkedHashSet<>();

  /** Those that would go on if the budget had room, who has waited longest first. */
  private final Set<ServerConnection> waiting = new LinkedHashSet<>();

  /** Read by whoever makes room, on any thread. */
  private volatile boolean anyWaiting;

  private boolean sweeping;

  final LoopCounters counters = new LoopCounters();
  final RequestPhases phases;
  private final ByteBudget budget;

  ServerLoop(EventLoop loop, ByteBudget budget, RequestPhases phases) {
    this.loop = loop;
    this.budget = budget;
    this.phases = phases;
  }

  void add(ServerConnection connection) {
    counters.accepted++;
    connections.add(connection);
    if (!sweeping) {
      sweeping = true;
      sweepLater();
    }
  }

  void remove(ServerConnection connection) {
    connections.remove(connection);
    waiting.remove(connection);
  }

  void waitForRoom(ServerConnection connection) {
    waiting.add(connection);
    anyWaiting = true;
    if (!connection.needsRoom() && budget.hasRoom()) {
      loop.execute(this::tryAgain); // it was made just before anybody was known to wait
    }
  }

  /** From any thread. */
  boolean isAnyWaiting() {
    return anyWaiting;
  }

  /** There may be room in the budget; who finds none waits on. */
  void tryAgain() {
    anyWaiting = false;
    List<ServerConnection> all = new ArrayList<>(waiting);
    waiting.clear();
    all.forEach(ServerConnection::tryAgain);
  }

  /**
   * Large requests may wait for each other; and room may have been made just before one began to
   * wait for it.
   */
  private void helpWaiting() {
    for (ServerConnection connection : waiting) {
      if (connection.needsRoom() && budget.letBeyond(connection)) {
        break;
      }
    }
    tryAgain();
  }

  private void sweepLater() {
    loop.schedule(SWEEP_NANOS, this::sweep);
  }

  private void sweep() {
    if (connections.isEmpty()) {
      sweeping = false;
      return;
    }
    sweepLater();
    if (!waiting.isEmpty()) {
      helpWaiting();
    }
    long now = loop.clock().nanoTime();
    // Some of them close, and so leave the set.
    for (ServerConnection connection : snapshot()) {
      connection.checkDeadlines(now);
    }
  }

  void closeAll() {
    for (ServerConnection connection : snapshot()) {
      connection.close();
    }
  }

  private List<ServerConnection> snapshot() {
    return new ArrayList<>(connections);
  }
}
