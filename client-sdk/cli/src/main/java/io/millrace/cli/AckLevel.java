package io.millrace.cli;

import io.millrace.client.Durability;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Two ways to say what an acknowledgement means; an argument group: one of them at most. */
public final class AckLevel {
  @Option(
      names = "--acks",
      paramLabel = "N",
      description = "As in Kafka. 0: none, 1: leader, all: the topic's own level (default).")
  @Nullable String acks;

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      description =
          "What an acknowledgement means: none (nothing is waited for), leader (in the"
              + " leader's memory), standard (survives the power loss of any one broker), synced (on"
              + " every replica's disk). Default: the topic's own.")
  @Nullable Durability durability;

  /** Null: the topic's own. */
  public @Nullable Durability asked() {
    if (acks == null) {
      return durability;
    }
    return switch (acks) {
      case "0" -> Durability.NONE;
      case "1" -> Durability.LEADER;
      case "all" -> null;
      default ->
          throw new CommandFailedException(
              ExitCode.WRONG_USAGE, "--acks is 0, 1 or all, not '" + acks + "'");
    };
  }
}
