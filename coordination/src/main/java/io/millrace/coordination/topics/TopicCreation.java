package io.millrace.coordination.topics;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.topics.CreateOutcome.Invalid;
import io.millrace.coordination.topics.CreateOutcome.Invalid.Reason;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.TopicImage;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Timer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Creates topics. Any broker may; of two that create the same name at once one finds it there.
 *
 * <p>If we crash here: before the last transaction nothing stands but partition nodes under a
 * random id that no topic names, and {@link TopicSweep} clears them away. After it the topic is
 * there. Safe for any thread.
 */
public final class TopicCreation {
  /** Of one topic. */
  public static final int MAX_PARTITIONS = 10_000;

  private static final int USUAL_REPLICATION_FACTOR = 3;
  private static final long PATIENCE_NANOS = SECONDS.toNanos(10);
  private static final char[] ID_DIGITS = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
  private static final int ID_LENGTH = 8;

  private final ClusterStore store;
  private final ClusterView view;
  private final Tasks tasks;
  private final int brokerId;
  private final SettingCheck settingCheck;

  /**
   * @param view of everything
   * @param brokerId who will be named as the creator
   */
  public TopicCreation(
      ClusterStore store, ClusterView view, Tasks tasks, int brokerId, SettingCheck settingCheck) {
    this.store = store;
    this.view = view;
    this.tasks = tasks;
    this.brokerId = brokerId;
    this.settingCheck = settingCheck;
  }

  /** Creates the topic. From any thread; completes on the store's loop. */
  public CompletionStage<CreateOutcome> create(TopicRequest request) {
    return OnLoop.call(store.loop(), () -> start(request, false));
  }

  /** Checks everything, creates nothing: {@link CreateOutcome.Valid} instead of Created. */
  public CompletionStage<CreateOutcome> validate(TopicRequest request) {
    return OnLoop.call(store.loop(), () -> start(request, true));
  }

  private CompletionStage<CreateOutcome> start(TopicRequest request, boolean isTrial) {
    Invalid refused = refuse(request);
    if (refused != null) {
      return CompletableFuture.completedFuture(refused);
    }
    CompletableFuture<CreateOutcome> outcome = new CompletableFuture<>();
    if (!view.isConnected()) {
      outcome.complete(noContact());
      return outcome;
    }
    // Only until something is written: after that nobody may say that nothing was.
    Timer patience = store.loop().schedule(PATIENCE_NANOS, () -> outcome.complete(noContact()));
    // An image from after this call: with the brokers that are live now and the names that exist.
    view.follow(List.of(request.name()))
        .whenComplete(
            (image, closed) -> {
              patience.cancel();
              if (closed != null) {
                outcome.complete(new CreateOutcome.Unavailable("the broker is stopping"));
              } else if (!outcome.isDone()) {
                decide(request, isTrial, image, outcome);
              }
            });
    return outcome;
  }

  /** What needs no look at the cluster. B58, B61. */
  private static @Nullable Invalid refuse(TopicRequest request) {
    String fault = TopicNames.fault(request.name());
    if (fault != null) {
      return new Invalid(Reason.NAME, fault);
    }
    if (request.partitions() < 1 || request.partitions() > MAX_PARTITIONS) {
      return new Invalid(
          Reason.PARTITIONS,
          request.partitions() + " partitions are outside 1 to " + MAX_PARTITIONS);
    }
    int replicationFactor = request.replicationFactor().orElse(1);
    if (replicationFactor < 1) {
      return new Invalid(
          Reason.REPLICATION_FACTOR,
          "a replication factor of " + replicationFactor + " is below 1");
    }
    return null;
  }

  private void decide(
      TopicRequest request,
      boolean isTrial,
      ClusterImage image,
      CompletableFuture<CreateOutcome> outcome) {
    CreateOutcome refused = refuse(request, image);
    if (refused != null) {
      outcome.complete(refused);
      return;
    }
    int replicationFactor = replicationFactor(request, image);
    if (isTrial) {
      outcome.complete(new CreateOutcome.Valid(request.partitions(), replicationFactor));
      return;
    }
    NewTopic topic =
        new NewTopic(
            request.name(),
            newId(request.name()),
            replicationFactor,
            request.settings(),
            Placement.place(image, request.partitions(), replicationFactor, tasks.random()));
    LastChange change =
        LastChange.newBuilder()
            .setBroker(brokerId)
            .setAt(Instant.ofEpochMilli(tasks.clock().wallMillis()).toString())
            .setWhy("created")
            .build();
    new TopicWriting(store, topic, topic.transactions(image.brokers(), change), outcome).start();
  }

  private @Nullable CreateOutcome refuse(TopicRequest request, ClusterImage image) {
    TopicImage there = image.topics().get(request.name());
    if (there != null) {
      return new CreateOutcome.Exists(there.id(), there.deleting());
    }
    String key = TopicNames.collisionKey(request.name());
    for (String name : image.topics().keySet()) {
      if (TopicNames.collisionKey(name).equals(key)) {
        return new Invalid(
            Reason.NAME,
            "the topic name "
                + request.name()
                + " collides with "
                + name
                + ": names may not differ only in \".\" and \"_\"");
      }
    }
    int replicationFactor = replicationFactor(request, image);
    if (replicationFactor > image.brokers().size()) {
      return new Invalid(
          Reason.NOT_ENOUGH_BROKERS,
          replicationFactor
              + " replicas need as many live brokers, there are "
              + image.brokers().size()
              + ": "
              + image.brokers().keySet());
    }
    List<String> faults = settingCheck.faults(request.settings(), replicationFactor);
    return faults.isEmpty() ? null : new Invalid(Reason.SETTING, String.join("; ", faults));
  }

  private static int replicationFactor(TopicRequest request, ClusterImage image) {
    int usual = Math.max(1, Math.min(USUAL_REPLICATION_FACTOR, image.brokers().size()));
    return request.replicationFactor().orElse(usual);
  }

  private String newId(String name) {
    StringBuilder id = new StringBuilder(name).append('~');
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_DIGITS[tasks.random().nextInt(ID_DIGITS.length)]);
    }
    return id.toString();
  }

  private static CreateOutcome noContact() {
    return new CreateOutcome.Unavailable("no contact with ZooKeeper");
  }
}
