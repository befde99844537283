package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of its leaderships this broker gives to others: what another is preferred for, now and
 * then; all of them when it drains or stops. Owner: the store's loop; what says so may be called
 * from any thread.
 */
public final class Leaderships {
  private static final Logger LOG = LoggerFactory.getLogger(Leaderships.class);
  private static final long LOOK_NANOS = SECONDS.toNanos(1);

  /** A stop does not wait longer for others. */
  private static final long LEAVE_NANOS = SECONDS.toNanos(15);

  /** A preferred replica has been ready for so long before it leads by preference. */
  private static final long COOL_DOWN_NANOS = SECONDS.toNanos(5);

  private final ClusterStore store;
  private final EventLoop loop;
  private final Outlook outlook;
  private final ReplicaTable table;
  private final Replicas replicas;
  private final HandOvers handOvers;
  private final DrainingPeers peers;
  private final Consumer<Boolean> tellPeers;
  private final Consumer<Runnable> leaveSets;
  private Runnable eachLook = () -> {};
  private boolean started;
  private boolean draining;
  private boolean stopped;

  /**
   * What draining came to.
   *
   * @param left led here still, with the reason
   */
  public record Drained(int handedOver, List<Leftover> left) {}

  /** A partition that nobody else can lead now. */
  public record Leftover(PartitionId id, String why) {}

  /**
   * @param tellPeers that this broker is draining, or is no more
   * @param leaveSets has leaders take this broker out of their in-sync sets, then runs what it is
   *     given, in bounded time
   */
  Leaderships(
      ClusterStore store,
      Outlook outlook,
      Replicas replicas,
      HandOvers handOvers,
      DrainingPeers peers,
      Consumer<Boolean> tellPeers,
      Consumer<Runnable> leaveSets) {
    this.store = store;
    this.loop = store.loop();
    this.outlook = outlook;
    this.table = replicas.table();
    this.replicas = replicas;
    this.handOvers = handOvers;
    this.peers = peers;
    this.tellPeers = tellPeers;
    this.leaveSets = leaveSets;
  }

  /** What else is to be done every second, from now on: also while the broker is starting. */
  void atEachLook(Runnable action) {
    eachLook = action;
    loop.schedule(LOOK_NANOS, this::look);
  }

  /** Begins to look at who is preferred. Any thread. */
  public void start() {
    loop.execute(() -> started = true);
  }

  /** Nothing is handed over any more but by {@link #drain}. */
  public void stop() {
    loop.assertInLoop();
    stopped = true;
  }

  private void look() {
    if (stopped) {
      return;
    }
    if (started && !draining) {
      table.all().forEach(this::lookAt);
    }
    eachLook.run();
    loop.schedule(LOOK_NANOS, this::look);
  }

  private void lookAt(Replica replica) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (image == null || replica.epochLed < 0 || replica.handingOver || !isPreferredReady(image)) {
      replica.preferredReady = false;
      return;
    }
    long now = loop.clock().nanoTime();
    if (!replica.preferredReady) {
      replica.preferredReady = true;
      replica.preferredReadySinceNanos = now;
    } else if (now - replica.preferredReadySinceNanos >= COOL_DOWN_NANOS) {
      replica.preferredReady = false;
      handOver(
          replica,
          image.replicas().get(0),
          "broker " + image.replicas().get(0) + " is preferred, and is back in sync",
          result -> {
            if (result instanceof HandOvers.Result.Left left) {
              LOG.info("{}: not handed over to its preferred leader: {}", replica.id, left.why());
            }
          });
    }
  }

  private boolean isPreferredReady(PartitionImage image) {
    int preferred = image.replicas().get(0);
    return HandOvers.isReady(preferred, image, outlook) && !peers.contains(preferred, outlook);
  }

  private void handOver(Replica replica, int to, String why, Consumer<HandOvers.Result> then) {
    replica.handingOver = true;
    handOvers.run(
        replica,
        to,
        why,
        result -> {
          replica.handingOver = false;
          then.accept(result);
        });
  }

  /**
   * A partition that this broker leads should not be led here. On the loop.
   *
   * @return false when no other replica can lead it now, or one is about to
   */
  boolean giveAway(Replica replica, String why) {
    PartitionImage image = outlook.imageOf(replica.id);
    if (image == null || replica.epochLed < 0 || replica.handingOver || stopped) {
      return false;
    }
    Optional<Integer> to = HandOvers.target(image, outlook, peers);
    to.ifPresent(
        broker ->
            handOver(
                replica,
                broker,
                why,
                result -> {
                  String outcome =
                      result instanceof HandOvers.Result.Left left
                          ? "not handed over: " + left.why()
                          : "handed over to broker " + broker;
                  LOG.info("{}: {}: {}", replica.id, why, outcome);
                }));
    return to.isPresent();
  }

  /**
   * Makes the preferred replica of a partition lead that this broker leads. Any thread; completes
   * on the loop.
   */
  public CompletionStage<ElectOutcome> elect(PartitionId id) {
    CompletableFuture<ElectOutcome> outcome = new CompletableFuture<>();
    loop.execute(() -> elect(id, outcome));
    return outcome;
  }

  private void elect(PartitionId id, CompletableFuture<ElectOutcome> outcome) {
    Replica replica = table.find(id);
    PartitionImage image = outlook.imageOf(id);
    if (replica == null || image == null || replica.epochLed < 0) {
      outcome.complete(new ElectOutcome.Failed("this broker does not lead it"));
      return;
    }
    int preferred = image.replicas().get(0);
    if (preferred == outlook.self()) {
      outcome.complete(new ElectOutcome.Settled(image, "its preferred replica leads already"));
    } else if (!image.inSync().contains(preferred)) {
      outcome.complete(
          new ElectOutcome.Settled(
              image, "its preferred replica " + preferred + " is not in sync"));
    } else if (!outlook.up().containsKey(preferred)) {
      outcome.complete(
          new ElectOutcome.Settled(image, "its preferred replica " + preferred + " is not live"));
    } else if (replica.handingOver) {
      outcome.complete(new ElectOutcome.Failed("it is being handed over already"));
    } else {
      handOver(
          replica,
          preferred,
          "broker " + preferred + " is preferred, by command",
          result -> outcome.complete(electOutcome(result)));
    }
  }

  /**
   * Goes on leading a partition in the next epoch: what its followers have fetched in this one
   * counts no more. Any thread.
   *
   * @param why for people, into the partition's node
   * @return completes on the loop: why not; empty when it is done
   */
  public CompletionStage<Optional<String>> leadAnew(PartitionId id, int epoch, String why) {
    CompletableFuture<Optional<String>> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          Replica replica = table.find(id);
          if (replica == null || replica.epochLed != epoch || replica.handingOver || stopped) {
            done.complete(
                Optional.of("this broker does not lead it in that epoch, or not for long"));
          } else {
            replicas.leadAnew(replica, epoch, why, done::complete);
          }
        });
    return done;
  }

  private static ElectOutcome electOutcome(HandOvers.Result result) {
    return result instanceof HandOvers.Result.Done done
        ? new ElectOutcome.Settled(done.now(), "handed over to its preferred replica")
        : new ElectOutcome.Failed(((HandOvers.Result.Left) result).why());
  }

  /** Whether it leads nothing by its own wish. On the loop. */
  public boolean isDraining() {
    loop.assertInLoop();
    return draining;
  }

  /** Leads again what it is preferred for. Any thread. */
  public void cancelDrain() {
    loop.execute(
        () -> {
          draining = false;
          replicas.setDraining(false);
          tellPeers.accept(false);
        });
  }

  /**
   * Hands over all that this broker leads, and wants no more until {@link #cancelDrain}. Any
   * thread; completes on the loop.
   *
   * @param why as a clause: "broker 2 is stopping"
   */
  public CompletionStage<Drained> drain(String why) {
    CompletableFuture<Drained> drained = new CompletableFuture<>();
    loop.execute(
        () -> {
          draining = true;
          replicas.setDraining(true);
          tellPeers.accept(true);
          new Draining(why, drained).start();
        });
    return drained;
  }

  /**
   * Before this broker stops: leads nothing any more, and nobody counts on it.
   *
   * @param then on the loop, in bounded time, whatever could be done
   */
  public void leaveAll(Runnable then) {
    loop.assertInLoop();
    AtomicBoolean isOver = new AtomicBoolean();
    Runnable once =
        () -> {
          if (isOver.compareAndSet(false, true)) {
            then.run();
          }
        };
    loop.schedule(LEAVE_NANOS, once);
    if (outlook.incarnation() == 0) {
      once.run();
      return;
    }
    if (store.sessionId().isEmpty()) {
      LOG.warn(
          "no contact with ZooKeeper: nothing that broker {} leads can be handed over. Others take"
              + " over once ZooKeeper is back and has missed it for {} ms",
          outlook.self(),
          store.sessionTimeoutMillis());
      leaveSets.accept(once);
      return;
    }
    handOvers.leaveToo();
    replicas.setStopping();
    drain("broker " + outlook.self() + " is stopping")
        .whenComplete(
            (drained, bug) -> {
              if (bug == null && drained.handedOver() + drained.left().size() > 0) {
                LOG.info(
                    "broker {} has handed over {} of the {} partitions it led",
                    outlook.self(),
                    drained.handedOver(),
                    drained.handedOver() + drained.left().size());
              }
              leaveSets.accept(once);
            });
  }

  /** One run over everything that is led. */
  private final class Draining {
    private final String why;
    private final CompletableFuture<Drained> drained;
    private final List<Leftover> left = new ArrayList<>();
    private int handedOver;
    private int pending = 1;

    Draining(String why, CompletableFuture<Drained> drained) {
      this.why = why;
      this.drained = drained;
    }

    void start() {
      for (Replica replica : table.all()) {
        if (replica.epochLed >= 0) {
          begin(replica);
        }
      }
      ended();
    }

    private void begin(Replica replica) {
      PartitionImage image = outlook.imageOf(replica.id);
      Optional<Integer> to =
          image == null ? Optional.empty() : HandOvers.target(image, outlook, peers);
      if (to.isEmpty()) {
        left.add(new Leftover(replica.id, "no other replica is live and in sync"));
        return;
      }
      pending++;
      handOver(
          replica,
          to.get(),
          why,
          result -> {
            if (result instanceof HandOvers.Result.Left stays) {
              if (replica.epochLed >= 0) {
                left.add(new Leftover(replica.id, stays.why()));
              }
            } else {
              handedOver++;
            }
            ended();
          });
    }

    private void ended() {
      if (--pending == 0) {
        drained.complete(new Drained(handedOver, List.copyOf(left)));
      }
    }
  }
}
