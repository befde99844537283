package io.millrace.cli;

import picocli.CommandLine.Option;

/** How a command that lists or describes prints what it found. */
final class OutputOption {
  /** The words that are typed. */
  enum Format {
    /** For people. */
    table,
    /** One document on one line, for programs. */
    json,
    /** A name a line, for the shell. */
    name
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
  Format format = Format.table;
}
