package io.millrace.coordination.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ClusterStore.Subscription;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this broker registered: looks, decides by {@link RegistrationPlan}, writes, and looks again
 * until one try has gone through without loss of contact. Owner: the store's loop.
 *
 * <p>If we crash here: before the transaction nothing stands but a bumped known node, which fences
 * what was meant for our earlier life and harms nobody; after it, a live node that the next start
 * recognises as its own ghost and replaces, or that goes with the session.
 */
public final class BrokerRegistration {
  private static final Logger log = LoggerFactory.getLogger(BrokerRegistration.class);
  private static final long RETRY_MILLIS = 100;

  private final ClusterStore store;
  private final EventLoop loop;
  private final BrokerSelf self;
  private final RegistrationNodes nodes;
  private final DoubtfulStart doubtfulStart;
  private final RegistrationListener listener;

  private @Nullable Subscription session;
  private @Nullable Subscription ownNode;

  /** Empty: what the directory holds is believed. */
  private Optional<DoubtfulStart.Why> doubt;

  private final OptionalInt lastIncarnation;
  private boolean isJudged;
  private boolean hasLeftSets;
  private boolean isEnded;

  /** 0: not registered. */
  private int incarnation;

  /** Of all that this data directory has had: none comes twice, whatever ZooKeeper remembers. */
  private int highestIncarnation;

  private boolean toldOfBumping;

  private long registeredSession;

  /** Grows with each try: what belongs to an earlier one is dropped when it completes. */
  private int attempt;

  private boolean isTrying;
  private String lastWait = "";

  /**
   * @param lastRun as the data directory remembers it
   * @param doubtfulStart called when in doubt, or when the id's data directory is a new one
   */
  public BrokerRegistration(
      ClusterStore store,
      BrokerSelf self,
      LastRun lastRun,
      DoubtfulStart doubtfulStart,
      RegistrationListener listener) {
    this.store = store;
    this.loop = store.loop();
    this.self = self;
    this.nodes = new RegistrationNodes(store, self);
    this.doubt =
        lastRun.isInDoubt() ? Optional.of(DoubtfulStart.Why.MACHINE_RESTARTED) : Optional.empty();
    this.lastIncarnation = lastRun.incarnation();
    this.highestIncarnation = lastRun.incarnation().orElse(0);
    this.doubtfulStart = doubtfulStart;
    this.listener = listener;
  }

  /** From any thread, once. The cluster must have been founded: {@link ClusterIdentity}. */
  public void start() {
    loop.execute(
        () -> {
          ownNode = store.watchRecursive(nodes.livePath(), path -> onOwnNodeChanged());
          session = store.onSession(this::onSession);
        });
  }

  /**
   * Takes the live node away, so that others need not wait for the session to end. From any thread;
   * completes on the store's loop when that is done or cannot be.
   */
  public CompletionStage<Void> stop() {
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    loop.execute(
        () -> {
          boolean wasRegistered = incarnation != 0 && store.sessionId().isPresent();
          end();
          if (!wasRegistered) {
            stopped.complete(null);
            return;
          }
          nodes
              .unregister()
              .thenAccept(
                  outcome -> {
                    log.debug("broker {} unregistered: {}", self.id(), outcome);
                    stopped.complete(null);
                  });
        });
    return stopped;
  }

  private void end() {
    isEnded = true;
    attempt++;
    incarnation = 0;
    if (session != null) {
      session.close();
    }
    if (ownNode != null) {
      ownNode.close();
    }
  }

  private void onSession(SessionEvent event) {
    if (event instanceof SessionEvent.Connected connected) {
      if (incarnation != 0 && connected.sessionId() == registeredSession) {
        listener.resumed();
      } else {
        tryAgain();
      }
      return;
    }
    attempt++;
    isTrying = false;
    if (incarnation == 0) {
      return;
    }
    if (event instanceof SessionEvent.Suspended) {
      listener.suspended();
    } else if (event instanceof SessionEvent.OutOfTime) {
      listener.outOfTime();
    } else {
      incarnation = 0;
      listener.expired();
    }
  }

  private void tryAgain() {
    if (isEnded || incarnation != 0 || isTrying || store.sessionId().isEmpty()) {
      return;
    }
    isTrying = true;
    int mine = ++attempt;
    store
        .sync(ZnodePaths.ROOT)
        .thenCompose(
            isSynced ->
                isSynced ? nodes.look() : CompletableFuture.completedFuture(Optional.empty()))
        .whenComplete(
            (found, bug) -> {
              if (attempt != mine || failed(bug)) {
                return;
              }
              if (found.isPresent() && store.sessionId().isPresent()) {
                act(mine, found.get());
              } else {
                later();
              }
            });
  }

  /** At the first look, before anything of ours is written. */
  private void judge(RegistrationPlan.Known known) {
    int remembered = lastIncarnation.orElse(known.version());
    if (known.version() > remembered) {
      log.warn(
          "the data directory of broker {} remembers incarnation {}, the cluster knows {}: it is an"
              + " old copy, or the last start was cut short. What it holds counts as doubtful",
          self.id(),
          remembered,
          known.version());
      doubt = Optional.of(DoubtfulStart.Why.OLD_COPY);
    } else if (known.version() < remembered) {
      log.warn(
          "the data directory of broker {} remembers incarnation {}, ZooKeeper only {}: has"
              + " ZooKeeper been restored from an old copy?",
          self.id(),
          remembered,
          known.version());
    }
  }

  private void act(int mine, RegistrationNodes.Found found) {
    if (!isJudged) {
      isJudged = true;
      found.known().ifPresent(this::judge);
    }
    RegistrationPlan plan =
        RegistrationPlan.decide(self, found.known(), found.live(), store.sessionId().orElseThrow());
    if (plan instanceof RegistrationPlan.Refuse refuse) {
      refused(refuse.why());
    } else if (plan instanceof RegistrationPlan.Introduce) {
      onWritten(mine, nodes.introduce(), this::again);
    } else if (plan instanceof RegistrationPlan.Registered registered) {
      registered(registered.incarnation());
    } else if (plan instanceof RegistrationPlan.WaitForExpiry wait) {
      if (doubt.isPresent() && !hasLeftSets && wait.isOwn() && found.known().isPresent()) {
        leaveSets(mine, found.known().get(), doubt.get());
      } else {
        waitFor(wait.why());
      }
    } else if (plan instanceof RegistrationPlan.Register register) {
      if (register.isNewDirectory() && !hasLeftSets) {
        leaveSets(mine, found.known().orElseThrow(), DoubtfulStart.Why.NEW_DIRECTORY);
      } else if (doubt.isPresent() && !hasLeftSets && !SafetyRule.H1.isLeftOut()) {
        leaveSets(mine, found.known().orElseThrow(), doubt.get());
      } else if (register.knownVersion() < highestIncarnation) {
        bump(mine, found.known().orElseThrow());
      } else {
        int next = register.knownVersion() + 1;
        onWritten(mine, nodes.register(register), () -> registered(next));
      }
    }
  }

  /**
   * ZooKeeper has forgotten lives of this broker, as when restored from an old copy. What is still
   * around of one of them must not be taken for the present one's: so none is lived twice.
   */
  private void bump(int mine, RegistrationPlan.Known known) {
    if (!toldOfBumping) {
      toldOfBumping = true;
      log.warn(
          "broker {} has been incarnation {}, and ZooKeeper knows only {}: it goes on above that",
          self.id(),
          highestIncarnation,
          known.version());
    }
    onWritten(mine, nodes.bumpKnown(known), this::again);
  }

  /** Each step only after the one before is confirmed, and all in one session. */
  private void leaveSets(int mine, RegistrationPlan.Known known, DoubtfulStart.Why why) {
    nodes
        .bumpKnown(known)
        .thenCompose(
            bumped ->
                bumped instanceof WriteOutcome.Applied
                    ? store.sync(ZnodePaths.ROOT)
                    : CompletableFuture.completedFuture(false))
        .thenCompose(isDone -> step(mine, isDone, () -> first(why)))
        .thenCompose(isDone -> step(mine, isDone, () -> second(why)))
        .whenComplete(
            (isDone, bug) ->
                // The caller's stages may complete anywhere.
                loop.execute(
                    () -> {
                      if (attempt == mine && !failed(bug)) {
                        hasLeftSets = isDone;
                        later();
                      }
                    }));
  }

  private CompletionStage<Boolean> first(DoubtfulStart.Why why) {
    return SafetyRule.H10.isLeftOut() ? doubtfulStart.recordBootId() : doubtfulStart.leaveSets(why);
  }

  private CompletionStage<Boolean> second(DoubtfulStart.Why why) {
    return SafetyRule.H10.isLeftOut() ? doubtfulStart.leaveSets(why) : doubtfulStart.recordBootId();
  }

  /** Where the order of the two is left out: too late, while others may count on it already. */
  private void leaveSetsLate() {
    DoubtfulStart.Why why = doubt.orElse(null);
    if (SafetyRule.H1.isLeftOut() && why != null && !hasLeftSets) {
      hasLeftSets = true;
      loop.schedule(
          MILLISECONDS.toNanos(RETRY_MILLIS),
          () ->
              doubtfulStart
                  .leaveSets(why)
                  .thenCompose(isDone -> doubtfulStart.recordBootId())
                  .whenComplete((isDone, bug) -> log.debug("left late: {}", isDone, bug)));
    }
  }

  /** On the loop again, and only if contact was never lost since this try began. */
  private CompletionStage<Boolean> step(
      int mine, boolean isDone, Supplier<CompletionStage<Boolean>> next) {
    return OnLoop.call(
        loop,
        () -> isDone && attempt == mine ? next.get() : CompletableFuture.completedFuture(false));
  }

  private void onWritten(int mine, CompletionStage<WriteOutcome> written, Runnable onApplied) {
    written.whenComplete(
        (outcome, bug) -> {
          if (attempt != mine || failed(bug)) {
            return;
          }
          log.debug("broker {} registers: {}", self.id(), outcome);
          if (outcome instanceof WriteOutcome.Rejected rejected
              && rejected.reason() != WriteOutcome.Rejected.Reason.NO_CONTACT) {
            refused("cannot register: " + rejected.why());
          } else if (outcome instanceof WriteOutcome.Applied) {
            onApplied.run();
          } else {
            // Conflicting or unknown: what stands there a moment later tells.
            later();
          }
        });
  }

  private void registered(int as) {
    isTrying = false;
    incarnation = as;
    highestIncarnation = Math.max(highestIncarnation, as);
    registeredSession = store.sessionId().orElseThrow();
    log.info("broker {} registered, incarnation {}", self.id(), as);
    listener.registered(as);
    leaveSetsLate();
  }

  private void waitFor(String why) {
    if (!why.equals(lastWait)) {
      lastWait = why;
      log.warn("broker {} waits before it registers: {}", self.id(), why);
    }
    later();
  }

  private void refused(String why) {
    // The listener tells a person.
    log.debug("broker {} cannot be a member of the cluster: {}", self.id(), why);
    end();
    listener.refused(why);
  }

  private boolean failed(@Nullable Throwable bug) {
    if (bug == null) {
      return false;
    }
    log.error("registration of broker {} failed", self.id(), bug);
    refused("registration failed: " + bug);
    return true;
  }

  private void again() {
    isTrying = false;
    tryAgain();
  }

  private void later() {
    isTrying = false;
    loop.schedule(MILLISECONDS.toNanos(RETRY_MILLIS), this::tryAgain);
  }

  /** Nobody but us may replace our node; a deletion by hand ends this incarnation. */
  private void onOwnNodeChanged() {
    if (incarnation == 0) {
      return;
    }
    int checked = incarnation;
    nodes
        .look()
        .whenComplete(
            (found, bug) -> {
              if (incarnation == checked && !failed(bug) && found.isPresent()) {
                check(found.get().live());
              }
            });
  }

  private void check(Optional<RegistrationPlan.Live> live) {
    if (live.isEmpty()) {
      log.error("the live node of broker {} was deleted, registering again", self.id());
      incarnation = 0;
      listener.expired();
      tryAgain();
    } else if (live.get().owner() != registeredSession) {
      refused(
          "the live node of broker "
              + self.id()
              + " was replaced by another process with the same data directory and broker id");
    }
  }
}
