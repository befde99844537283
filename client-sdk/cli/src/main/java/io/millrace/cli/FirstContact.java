package io.millrace.cli;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.RetriableException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.rpc.Tasks;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * The first question of a command to the cluster. A person who waits is told for what; and when no
 * answer comes, that is a cluster that cannot be reached, whatever the client was busy with.
 */
public final class FirstContact {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private FirstContact() {}

  /**
   * @param address of the cluster, for people
   * @param question that changes nothing
   */
  public static <T> T ask(Surroundings surroundings, String address, Callable<T> question)
      throws Exception {
    if (!surroundings.terminals().error()) {
      return answered(address, question);
    }
    Tasks.Worker worker = surroundings.tasks().worker("first-contact");
    worker.schedule(
        PATIENCE_NANOS,
        () ->
            surroundings
                .error()
                .println("no answer from " + Printable.line(address) + " yet; Ctrl-C gives up"));
    try {
      return answered(address, question);
    } finally {
      worker.stop();
    }
  }

  private static <T> T answered(String address, Callable<T> question) throws Exception {
    try {
      return question.call();
    } catch (TimedOutException | ClusterUnreachableException | BrokerUnavailableException e) {
      throw e.getCause() instanceof RetriableException answer
          ? notNow(address, answer, e)
          : unreachable(address, e);
    }
  }

  /** A broker did answer: whoever reads this need not look for it. */
  private static CommandFailedException notNow(
      String address, RetriableException answer, MillraceException e) {
    return new CommandFailedException(
        ExitCode.UNREACHABLE.number(),
        "the cluster at %s is there, but not ready for this yet (%s); try again"
            .formatted(address, answer.getMessage()),
        e);
  }

  private static CommandFailedException unreachable(String address, MillraceException e) {
    return new CommandFailedException(
        ExitCode.UNREACHABLE.number(),
        "the cluster at %s cannot be reached (%s); is it running? See also --cluster%s"
            .formatted(
                address,
                e.getMessage(),
                address.startsWith("broker://")
                    ? ""
                    : ", which takes broker://HOST:PORT too and then needs no ZooKeeper"),
        e);
  }
}
