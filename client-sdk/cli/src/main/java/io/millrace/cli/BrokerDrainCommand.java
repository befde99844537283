package io.millrace.cli;

import io.millrace.client.DrainResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code broker drain}. */
@Command(
    name = "drain",
    description = {
      "Make a broker hand over all it leads, as before a stop. It stays a replica, and leads nothing",
      "by preference until it starts again or --cancel. Said again, it goes on where it was."
    })
public final class BrokerDrainCommand extends AdminCommand {
  private static final int NAMED = 20;

  @Parameters(paramLabel = "ID", description = "The broker's number.")
  int id;

  @Option(names = "--cancel", description = "End the draining instead: it may lead again.")
  boolean cancel;

  public BrokerDrainCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    LiveBrokers.require(session, id);
    if (cancel) {
      session.change(admin -> admin.cancelDrain(id));
      surroundings.output().println("broker %d drains no more".formatted(id));
      return ExitCode.DONE.number();
    }
    DrainResult drained = session.change(admin -> admin.drainBroker(id));
    surroundings
        .output()
        .println(
            "broker %d has handed over %s and leads %s"
                .formatted(
                    id,
                    Printable.counted(drained.handedOver(), "partition"),
                    drained.left().isEmpty()
                        ? "nothing"
                        : Printable.counted(drained.left().size(), "partition")));
    drained.left().stream()
        .limit(NAMED)
        .forEach(
            left ->
                surroundings
                    .error()
                    .println(
                        "millrace: %s stays: %s"
                            .formatted(
                                Printable.line(left.partition().toString()),
                                Printable.line(left.why()))));
    int more = drained.left().size() - NAMED;
    if (more > 0) {
      surroundings.error().println("millrace: and " + Printable.count(more) + " more");
    }
    return drained.left().isEmpty() ? ExitCode.DONE.number() : ExitCode.FAILED.number();
  }
}
