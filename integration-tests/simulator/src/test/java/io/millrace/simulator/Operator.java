package io.millrace.simulator;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.ElectionKind;
import io.millrace.client.NewTopic;
import io.millrace.client.SimulatedClients;
import io.millrace.client.TopicChange;
import io.millrace.client.errors.UnknownTopicException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who looks after the cluster with the product's own commands, while it fails. What comes of a
 * command is not checked: that it may be given at any time and breaks nothing is. Owner: the
 * world's thread.
 */
final class Operator {
  private static final long AGAIN_NANOS = 50_000_000;

  private final World world;
  private final Options options;
  private @Nullable Admin admin;
  private CompletableFuture<?> minimumSet = CompletableFuture.completedFuture(null);

  Operator(World world, Options options) {
    this.world = world;
    this.options = options;
  }

  /** Most runs need none. */
  private Admin admin() {
    if (admin == null) {
      AdminSettings settings =
          AdminSettings.builder(world.bootstrap())
              .clientId("operator")
              .defaultApiTimeout(Duration.ofSeconds(3))
              .metricsInterval(Duration.ofHours(1))
              .build();
      // One for each round, and a name is used once.
      String name = "operator-" + world.scheduler().nanoTime();
      ClientHost host = new ClientHost(world, name, settings, false);
      admin = SimulatedClients.admin(settings, host.tasks(), host.transport(), host.discovery());
    }
    return admin;
  }

  void drain(int broker) {
    unheard(admin().drainBroker(broker));
  }

  void endDrain(int broker) {
    unheard(admin().cancelDrain(broker));
  }

  void elect(int partition) {
    unheard(admin().electLeaders(Ledger.TOPIC, List.of(partition), ElectionKind.PREFERRED));
  }

  void setMinimum(int replicas) {
    minimumSet = alterMinimum(replicas);
    unheard(minimumSet);
  }

  /** After the last change of it has come to its end: that one must not land on top of this. */
  void resetMinimum() {
    CompletableFuture<?> unused =
        minimumSet.whenComplete(
            (done, failure) ->
                world.soon(
                    () ->
                        untilDone(
                            () -> alterMinimum(options.minInSync()),
                            UnknownTopicException.class::isInstance,
                            () -> {})));
  }

  private CompletableFuture<?> alterMinimum(int replicas) {
    return admin()
        .alterTopic(TopicChange.of(Ledger.TOPIC).set("min.in.sync", Integer.toString(replicas)));
  }

  /** Refused where there are more already. */
  void addReplicas(int replicas) {
    unheard(admin().alterTopic(TopicChange.of(Ledger.TOPIC).withReplicas(replicas)));
  }

  private static void unheard(CompletableFuture<?> command) {
    CompletableFuture<?> unused = command.exceptionally(failure -> null);
  }

  /**
   * Deletes the topic and makes another one of its name, however long it takes.
   *
   * @param isMade whether it is there
   */
  void recreateTopic(BooleanSupplier isMade) {
    untilDone(
        () -> admin().deleteTopic(Ledger.TOPIC),
        UnknownTopicException.class::isInstance,
        () -> createTopic(isMade));
  }

  private void createTopic(BooleanSupplier isMade) {
    untilDone(
        () ->
            admin()
                .createTopic(
                    new NewTopic(Ledger.TOPIC, options.partitions(), options.replicas())
                        .withSettings(options.topicSettings())),
        failure -> isMade.getAsBoolean(), // an old one may still be on its way out
        () -> {});
  }

  /**
   * @param isAlreadyDone told by a failure: an earlier try was carried out, and not answered
   */
  private void untilDone(
      Supplier<CompletableFuture<?>> command, Predicate<Throwable> isAlreadyDone, Runnable then) {
    CompletableFuture<?> unused =
        command
            .get()
            .whenComplete(
                (done, failure) -> {
                  if (failure == null || isAlreadyDone.test(failure)) {
                    world.soon(then);
                  } else {
                    world
                        .scheduler()
                        .at(
                            world.scheduler().nanoTime() + AGAIN_NANOS,
                            () -> untilDone(command, isAlreadyDone, then));
                  }
                });
  }
}
