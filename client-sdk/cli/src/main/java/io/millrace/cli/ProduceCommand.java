package io.millrace.cli;

import io.millrace.client.Durability;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code produce}: a record a line. */
@Command(
    name = "produce",
    description = {
      "Write a record for each line of FILE or of the standard input, byte for byte.",
      "A line ends at a line feed and nowhere else; that of a last line may be missing."
    })
final class ProduceCommand implements Callable<Integer> {
  /** The largest record any topic can be set to take. */
  private static final int MAX_LINE_SIZE = 64 << 20;

  /** What may be queued must hold the largest record with all that is around it. */
  private static final int BUFFER_SIZE = MAX_LINE_SIZE + (16 << 20);

  /** Also outlasts the restart of a broker, during which nothing leaves the buffer. */
  private static final Duration MAX_BLOCK = Duration.ofSeconds(30);

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Parameters(index = "0", paramLabel = "TOPIC", description = "Where to write to.")
  String topic = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      description = "What to write; without it, or with -, the standard input.")
  @Nullable String file;

  @Option(
      names = "--key-delimiter",
      paramLabel = "TEXT",
      description =
          "What stands before the first TEXT in a line is the key, what stands after it"
              + " the value; a line without it ends the run. Default: records have no key.")
  @Nullable String keyDelimiter;

  @Option(
      names = "--compression",
      paramLabel = "NAME",
      description = "none, gzip, snappy, lz4 or zstd; default: none.")
  @Nullable String compression;

  @Option(
      names = "--headers",
      paramLabel = "NAME=VALUE",
      split = ",",
      description = "Headers of every record; commas between them, or repeated.")
  List<String> headers = new ArrayList<>();

  @ArgGroup @Nullable AckLevel level;

  ProduceCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    LineRecords records =
        new LineRecords(topic, delimiter(), headers.stream().map(HeaderText::parse).toList());
    ProducerSettings settings = settings();
    try (InputStream input = open();
        Producer<byte[], byte[]> producer = surroundings.clients().producer(settings)) {
      FirstContact.ask(surroundings, address(), () -> producer.partitionsFor(topic));
      boolean asks = !settings.durability().equals(Optional.of(Durability.NONE));
      ProduceRun run = new ProduceRun(surroundings, producer, asks);
      surroundings.interrupts().onInterrupt(run::stop);
      return run.send(new LineReader(input, MAX_LINE_SIZE), records).number();
    }
  }

  private byte @Nullable [] delimiter() {
    if (keyDelimiter == null) {
      return null;
    }
    if (keyDelimiter.isEmpty() || keyDelimiter.indexOf('\n') >= 0) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--key-delimiter must be some text without a line feed");
    }
    return keyDelimiter.getBytes(StandardCharsets.UTF_8);
  }

  private ProducerSettings settings() {
    ProducerSettings.Builder settings =
        ProducerSettings.builder(address())
            .clientId("millrace-cli")
            .bufferMemoryBytes(BUFFER_SIZE)
            .maxBlock(MAX_BLOCK);
    Durability durability = level == null ? null : level.asked();
    if (durability != null) {
      settings.durability(durability);
    }
    if (compression != null) {
      settings.compression(compression);
    }
    return settings.build();
  }

  private String address() {
    return cluster.address(surroundings.environment());
  }

  private InputStream open() throws IOException {
    if (file != null && !file.equals("-")) {
      return Files.newInputStream(Path.of(file));
    }
    if (surroundings.terminals().input() && surroundings.terminals().error()) {
      surroundings.error().println("Each line you type becomes a record; Ctrl-D ends.");
    }
    return surroundings.input();
  }
}
