package io.millrace.cli;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.TopicPartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code consume}: records to the standard output. */
@Command(
    name = "consume",
    description = {
      "Read records and write each one's value and a line feed to the standard output.",
      "Begins at the end, like tail -f, unless --from says otherwise; Ctrl-C ends."
    })
final class ConsumeCommand implements Callable<Integer> {
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);
  private static final int MAX_POLL_RECORDS = 10_000;
  private static final long GRACE_SECONDS = 5;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Parameters(paramLabel = "TOPIC", description = "Where to read from.")
  String topic = "";

  @Option(
      names = "--from",
      paramLabel = "WHERE",
      converter = StartAtConverter.class,
      description = StartAt.ALLOWED + ". Default: latest.")
  @Nullable StartAt from;

  @Option(
      names = "--group",
      paramLabel = "G",
      description = {
        "Share the topic's partitions with the other members of this group, and go on where the",
        "group has come to. --from then counts where it has not read yet: earliest or latest."
      })
  @Nullable String group;

  @Option(
      names = "--partition",
      paramLabel = "P",
      split = ",",
      description = "Only these partitions; commas between them, or repeated. Default: all.")
  List<Integer> partitions = new ArrayList<>();

  @Option(
      names = "--until-end",
      description = "End behind the last record there is at the start, instead of waiting.")
  boolean untilEnd;

  @Option(names = "--max", paramLabel = "N", description = "End after so many records.")
  @Nullable Long max;

  @ArgGroup @Nullable Layout layout;

  /** Two ways to say what a record looks like; one of them at most. */
  static final class Layout {
    @Option(
        names = "--format",
        paramLabel = "TEXT",
        // A percent sign is doubled for picocli.
        description = {
          "%%p partition, %%o offset, %%t milliseconds since 1970, %%k key,",
          "%%v value, %%h headers as name=value with commas between,",
          "%%%% a percent sign; \\n \\t \\r \\0 \\\\ as in C. Default: %%v\\n."
        })
    @Nullable String format;

    @Option(
        names = {"-o", "--output"},
        paramLabel = "FORMAT",
        description =
            "json: an object a line; bytes that are not UTF-8 stand in keyBase64 and"
                + " valueBase64 instead of key and value.")
    @Nullable RecordOutput output;

    RecordWriter writer() {
      return format == null ? new RecordJson() : RecordFormat.parse(format);
    }
  }

  /** The words that are typed. */
  enum RecordOutput {
    json
  }

  /** For picocli. */
  static final class StartAtConverter implements ITypeConverter<StartAt> {
    @Override
    public StartAt convert(String text) {
      try {
        return StartAt.parse(text, ZoneId.systemDefault());
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  ConsumeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    if (max != null && max < 0) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--max is a number of records, not " + max);
    }
    checkGroup();
    RecordWriter writer = layout == null ? RecordFormat.LINES : layout.writer();
    if (untilEnd && from == null) {
      surroundings
          .error()
          .println("millrace: begins at the end, so there is nothing; see --from earliest");
    }
    Consumer<ByteBuffer, ByteBuffer> consumer = surroundings.clients().consumer(settings());
    // The consumer is closed before the process may end, so that no session of it is left.
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(surroundings.interrupts(), consumer::wakeup, GRACE_SECONDS);
        consumer) {
      ConsumeRun reading =
          new ConsumeRun(surroundings, consumer, writer, max == null ? Long.MAX_VALUE : max);
      if (group == null) {
        reading.start(chosen(consumer), from == null ? new StartAt.Latest() : from);
      } else {
        // A topic that is not there is somebody's mistake, more often than patience.
        FirstContact.ask(surroundings, address(), () -> consumer.partitionsFor(topic));
        reading.join(topic);
      }
      if (untilEnd) {
        reading.stopAtPresentEnd();
      }
      return reading.run(run::isInterrupted).number();
    }
  }

  private void checkGroup() {
    if (group == null) {
      return;
    }
    if (!partitions.isEmpty() || untilEnd) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "with --group the group says which partitions are read, and for how long: not --partition,"
              + " not --until-end");
    }
    if (from != null && !(from instanceof StartAt.Earliest || from instanceof StartAt.Latest)) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "with --group, --from is earliest or latest; to send a group elsewhere see millrace group"
              + " reset");
    }
  }

  private ConsumerSettings settings() {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder(address())
            .clientId("millrace-cli")
            // A typing error must not make a topic.
            .allowAutoCreateTopics(false)
            .autoOffsetReset(group == null ? OffsetReset.FAIL : reset())
            .maxPollRecords(MAX_POLL_RECORDS)
            .defaultApiTimeout(CALL_TIMEOUT)
            .clusterConnectTimeout(CALL_TIMEOUT);
    if (group != null) {
      settings.groupId(group);
    }
    return settings.build();
  }

  private OffsetReset reset() {
    return from instanceof StartAt.Earliest ? OffsetReset.EARLIEST : OffsetReset.LATEST;
  }

  private String address() {
    return cluster.address(surroundings.environment());
  }

  private List<TopicPartition> chosen(Consumer<ByteBuffer, ByteBuffer> consumer) throws Exception {
    return ChosenPartitions.of(
        topic,
        FirstContact.ask(surroundings, address(), () -> consumer.partitionsFor(topic)),
        partitions);
  }
}
