package io.millrace.rpc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What lies between the hosts of a simulation.
 *
 * <p>Bytes of one link arrive in order, cut and glued anywhere; bytes of different links, also
 * between the same two hosts, overtake each other. A cut holds bytes back until it is healed, as
 * TCP does by sending again; a reset loses what has not arrived.
 */
public final class MemoryNetwork {
  private final SimulatedScheduler scheduler;
  private final SplittableRandom random;
  private final TrackedBytes.Ledger ledger = new TrackedBytes.Ledger();
  private final Map<String, MemoryTransport> hosts = new LinkedHashMap<>();
  private final Set<Direction> cuts = new LinkedHashSet<>();
  private final List<MemoryLink> links = new ArrayList<>();

  /** Ends at which nothing arrives any more, though the way is free. */
  private final Set<MemoryLink> heldBack = new LinkedHashSet<>();

  private long minDelayNanos = 20_000;
  private long maxDelayNanos = 300_000;
  private int maxPieceSize = 64 << 10;
  private int windowSize = 256 << 10;
  private double resetProbability;

  private record Direction(String from, String to) {}

  public MemoryNetwork(SimulatedScheduler scheduler) {
    this.scheduler = scheduler;
    random = scheduler.random().split();
  }

  /** How long a piece takes, drawn anew for each; order within a link is kept. */
  public void setDelay(long minNanos, long maxNanos) {
    minDelayNanos = minNanos;
    maxDelayNanos = maxNanos;
  }

  /** What is written goes out in pieces of 1 byte to this many. */
  public void setMaxPieceSize(int bytes) {
    maxPieceSize = bytes;
  }

  /** Bytes on the way or unread on one direction of a link; more waits with the sender. */
  public void setWindowSize(int bytes) {
    windowSize = bytes;
  }

  /** For each piece: that it breaks its link instead of arriving. */
  public void setResetProbability(double probability) {
    resetProbability = probability;
  }

  /** Nothing that {@code from} sends reaches {@code to} until it is healed. */
  public void cut(String from, String to) {
    cuts.add(new Direction(from, to));
  }

  public void cutBothWays(String one, String other) {
    cut(one, other);
    cut(other, one);
  }

  /**
   * What is, or comes to be, on its way over the links of now from {@code from} does not reach
   * {@code to} until it is healed, not even the links' end; links opened later overtake it.
   */
  public void holdBack(String from, String to) {
    for (MemoryLink link : links) {
      if (link.localHost().equals(to) && link.remote().host().equals(from)) {
        heldBack.add(link);
      }
    }
  }

  /** Ends the cuts between the two; what was held back goes on. */
  public void heal(String one, String other) {
    heldBack.removeIf(
        link -> {
          String from = link.remote().host();
          String to = link.localHost();
          return (from.equals(one) && to.equals(other)) || (from.equals(other) && to.equals(one));
        });
    cuts.remove(new Direction(one, other));
    cuts.remove(new Direction(other, one));
    List.copyOf(links).forEach(MemoryLink::resumeArrivals);
  }

  /** Ends all cuts; what was held back goes on. */
  public void heal() {
    cuts.clear();
    heldBack.clear();
    List.copyOf(links).forEach(MemoryLink::resumeArrivals);
  }

  /** Breaks every link between the two, at any byte of what is on its way. */
  public void reset(String one, String other) {
    for (MemoryLink link : List.copyOf(links)) {
      String from = link.localHost();
      String to = link.remote().host();
      if ((from.equals(one) && to.equals(other)) || (from.equals(other) && to.equals(one))) {
        after(drawDelay(), () -> link.breakDown("Connection reset by peer"));
      }
    }
  }

  /** Open ends of links. */
  public int linkEnds() {
    return links.size();
  }

  /** Received buffers that nobody has given back yet. */
  public long outstandingBuffers() {
    return ledger.outstanding();
  }

  // ---- For transports and links ----------------------------------------------------------------

  void join(String host, MemoryTransport transport) {
    if (hosts.putIfAbsent(host, transport) != null) {
      throw new IllegalStateException(host + " is on the network already");
    }
  }

  void leave(String host) {
    hosts.remove(host);
  }

  @Nullable MemoryTransport host(String name) {
    return hosts.get(name);
  }

  void opened(MemoryLink link) {
    links.add(link);
  }

  void closed(MemoryLink link) {
    links.remove(link);
    heldBack.remove(link);
  }

  boolean isCut(String from, String to) {
    return cuts.contains(new Direction(from, to));
  }

  boolean isHeldBack(MemoryLink link) {
    return heldBack.contains(link);
  }

  long drawDelay() {
    return random.nextLong(minDelayNanos, maxDelayNanos + 1);
  }

  int drawPieceSize(int most) {
    int limit = Math.min(most, maxPieceSize);
    // Small ones are as interesting as large ones; of an empty write there is one.
    return limit > 0 && random.nextInt(4) == 0 ? random.nextInt(1, limit + 1) : limit;
  }

  boolean drawReset() {
    return resetProbability > 0 && random.nextDouble() < resetProbability;
  }

  int windowSize() {
    return windowSize;
  }

  TrackedBytes.Ledger ledger() {
    return ledger;
  }

  long nanoTime() {
    return scheduler.nanoTime();
  }

  void after(long nanos, Runnable action) {
    at(scheduler.nanoTime() + nanos, action);
  }

  void at(long nanos, Runnable action) {
    scheduler.at(nanos, action);
  }
}
