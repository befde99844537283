package io.millrace.coordination.topics;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.topics.AlterOutcome.Invalid;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Timer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Alters topics: their settings, and how many partitions they have. Any broker may; of several at
 * once each works on what the one before left, because the topic's node is written on the version
 * that was read. Safe for any thread.
 *
 * <p>If we crash here: settings are one write. New partitions come before the topic's node that
 * counts them, and each transaction checks that node's version; until it is written, what stands
 * there is beyond the count, seen by nobody, and written over by the next addition or taken away
 * with the topic.
 */
public final class TopicAlteration {
  private static final long PATIENCE_NANOS = SECONDS.toNanos(10);

  private final ClusterStore store;
  private final ClusterView view;
  private final Tasks tasks;
  private final int brokerId;
  private final SettingCheck settingCheck;

  /**
   * @param view of everything
   * @param brokerId who will be named as the one that added partitions
   */
  public TopicAlteration(
      ClusterStore store, ClusterView view, Tasks tasks, int brokerId, SettingCheck settingCheck) {
    this.store = store;
    this.view = view;
    this.tasks = tasks;
    this.brokerId = brokerId;
    this.settingCheck = settingCheck;
  }

  /** Alters the topic. Completes on the store's loop. */
  public CompletionStage<AlterOutcome> alter(AlterationRequest wanted) {
    return OnLoop.call(store.loop(), () -> start(wanted, false));
  }

  /** Checks everything, changes nothing: {@link AlterOutcome.Valid} instead of Altered. */
  public CompletionStage<AlterOutcome> validate(AlterationRequest wanted) {
    return OnLoop.call(store.loop(), () -> start(wanted, true));
  }

  private CompletionStage<AlterOutcome> start(AlterationRequest wanted, boolean isTrial) {
    CompletableFuture<AlterOutcome> outcome = new CompletableFuture<>();
    String nameFault = TopicNames.fault(wanted.name());
    Invalid fault = AlterationPlan.fault(wanted);
    if (nameFault != null) {
      outcome.complete(new AlterOutcome.NotFound(nameFault));
    } else if (fault != null) {
      outcome.complete(fault);
    } else if (!view.isConnected()) {
      outcome.complete(noContact());
    }
    if (outcome.isDone()) {
      return outcome;
    }
    // Only until something is written: after that nobody may say that nothing was.
    Timer patience = store.loop().schedule(PATIENCE_NANOS, () -> outcome.complete(noContact()));
    // New partitions go to brokers that are live now.
    view.follow(List.of(wanted.name()))
        .whenComplete(
            (image, closed) -> {
              patience.cancel();
              if (closed != null) {
                outcome.complete(new AlterOutcome.Unavailable("the broker is stopping"));
              } else if (!outcome.isDone() && wanted.replicas().isPresent()) {
                addReplicas(wanted, isTrial, image, outcome);
              } else if (!outcome.isDone()) {
                new AlterationWriting(
                        store,
                        settingCheck,
                        new AddedPartitions(store, image, tasks, brokerId),
                        new AlterationWriting.Asked(wanted, isTrial, outcome))
                    .start();
              }
            });
    return outcome;
  }

  private void addReplicas(
      AlterationRequest wanted,
      boolean isTrial,
      ClusterImage image,
      CompletableFuture<AlterOutcome> outcome) {
    new ReplicaAddition(store, image, tasks, brokerId, wanted, wanted.replicas().orElseThrow())
        .run(isTrial)
        .whenComplete(
            (done, bug) -> {
              if (bug == null) {
                outcome.complete(done);
              } else {
                outcome.completeExceptionally(bug);
              }
            });
  }

  private static AlterOutcome noContact() {
    return new AlterOutcome.Unavailable("no contact with ZooKeeper");
  }
}
