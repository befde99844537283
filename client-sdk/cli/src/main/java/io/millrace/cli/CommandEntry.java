package io.millrace.cli;

import java.util.function.Supplier;
import picocli.CommandLine;

/**
 * A subcommand of {@code millrace}, whose classes are not loaded before it is asked for.
 *
 * @param name as it is typed
 */
public record CommandEntry(String name, Supplier<CommandLine> maker) {
  /** A command without subcommands of its own. */
  public static CommandEntry of(String name, Supplier<Object> command) {
    return new CommandEntry(name, () -> new CommandLine(command.get()));
  }
}
