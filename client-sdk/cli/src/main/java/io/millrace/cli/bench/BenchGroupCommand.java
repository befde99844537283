package io.millrace.cli.bench;

import io.millrace.cli.AdminSession;
import io.millrace.cli.ClusterOption;
import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.FailureReport;
import io.millrace.cli.JsonText;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetReset;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnknownGroupException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench group}. */
@Command(
    name = "group",
    description = {
      "Measure what it costs a group that members join, leave or are lost.",
      "Makes a topic and a group, keeps records coming, and prints one line of JSON: for each event",
      "the longest time without a record, of partitions that stayed with their member, of those that",
      "moved, and of members. With --groups: many groups of one member each, how long they take to",
      "form and what they ask for."
    })
final class BenchGroupCommand implements Callable<Integer> {
  private static final long GRACE_SECONDS = 60;
  private static final int VALUE_SIZE = 100;
  private static final double RATE_EACH = 50;
  private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Option(
      names = "--members",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many to begin with. Default: ${DEFAULT-VALUE}.")
  int memberCount;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "12",
      description = "Of the topic. Default: ${DEFAULT-VALUE}.")
  int partitions;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Of each partition. Default: the cluster's.")
  @Nullable Integer replicas;

  @Option(
      names = "--events",
      paramLabel = "LIST",
      defaultValue = "join,leave,lose,join",
      description =
          "Of join, leave, lose (gone without a word), drain (the coordinator's broker hands over"
              + " what it leads), watch (nothing is done for --watch). Default: ${DEFAULT-VALUE}.")
  String events = "";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "The events so many times over. Default: ${DEFAULT-VALUE}.")
  int rounds;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Records per second in all. Default: 50 for each partition.")
  @Nullable Double rate;

  @Option(
      names = "--session-timeout",
      paramLabel = "MS",
      defaultValue = "6000",
      description = "Until a member counts as lost. Default: ${DEFAULT-VALUE}.")
  long sessionMillis;

  @Option(
      names = "--watch",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long the event of that name lasts. Default: ${DEFAULT-VALUE}.")
  double watchSeconds;

  @Option(
      names = "--commit-every",
      paramLabel = "MS",
      defaultValue = "200",
      description = "How often each member commits; 0: never. Default: ${DEFAULT-VALUE}.")
  long commitMillis;

  @Option(
      names = "--commit-seconds",
      paramLabel = "S",
      defaultValue = "0",
      description = "Then see for so long each way how many commits go through. Default: 0, not.")
  double commitSeconds;

  @Option(
      names = "--groups",
      paramLabel = "N",
      defaultValue = "0",
      description = "Instead, so many groups of one member each, which read nothing.")
  int groups;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "30",
      description = "How long --groups are kept. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the consumers; may be repeated.")
  Map<String, String> settings = new LinkedHashMap<>();

  BenchGroupCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    List<GroupEvent> plan = plan();
    String name = "bench-group-" + Long.toHexString(surroundings.tasks().random().nextLong());
    var unused = consumerSettings(name, null); // wrong ones are told before anything is made
    try (RunUntilInterrupted untilInterrupted =
            new RunUntilInterrupted(surroundings.interrupts(), () -> {}, GRACE_SECONDS);
        AdminSession session = AdminSession.open(surroundings, cluster)) {
      NewTopic topic =
          new NewTopic(
              name,
              OptionalInt.of(partitions),
              replicas == null ? OptionalInt.empty() : OptionalInt.of(replicas),
              Map.of(),
              false);
      var unusedAnswer = session.ask(admin -> admin.describeCluster()); // before any change
      session.change(admin -> admin.createTopic(topic));
      try {
        boolean good =
            groups > 0
                ? manyGroups(session, name, untilInterrupted::isInterrupted)
                : oneGroup(session, name, plan, untilInterrupted::isInterrupted);
        return (untilInterrupted.isInterrupted()
                ? ExitCode.INTERRUPTED
                : good ? ExitCode.DONE : ExitCode.FAILED)
            .number();
      } finally {
        session.change(admin -> admin.deleteTopic(name));
      }
    }
  }

  /** What is wrong is told before anybody is contacted. */
  private List<GroupEvent> plan() {
    if (memberCount < 1 || partitions < 1 || rounds < 0 || groups < 0 || sessionMillis < 1) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--members, --partitions and --session-timeout are at least 1");
    }
    if (rate != null && !(rate > 0)) {
      throw new CommandFailedException(ExitCode.WRONG_USAGE, "--rate is more than 0");
    }
    List<GroupEvent> once = GroupEvent.parse(events);
    List<GroupEvent> plan = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      plan.addAll(once);
    }
    if (groups == 0) {
      GroupEvent.check(plan, memberCount, partitions);
    }
    return plan;
  }

  // ---- One group -------------------------------------------------------------------------------

  private boolean oneGroup(
      AdminSession session, String name, List<GroupEvent> plan, BooleanSupplier interrupted)
      throws Exception {
    Deliveries deliveries = new Deliveries(partitions);
    GroupCluster seen = GroupCluster.of(session, name, name);
    GroupRun run =
        new GroupRun(
            seen,
            deliveries,
            new Hired(name, deliveries),
            new GroupRun.Times(
                TimeUnit.MILLISECONDS.toNanos(sessionMillis),
                REST_NANOS,
                (long) (watchSeconds * 1e9)),
            surroundings.clock(),
            interrupted);
    GroupReport report = new GroupReport(surroundings, deliveries);
    ProducerSettings producing =
        ProducerSettings.builder(cluster.address(surroundings.environment()))
            .clientId("millrace-bench")
            .build();
    try (Producer<byte[], byte[]> producer = surroundings.clients().producer(producing)) {
      SteadyLoad load =
          new SteadyLoad(producer, name, partitions, rate(), VALUE_SIZE, surroundings.tasks());
      load.start();
      try {
        int loses = (int) plan.stream().filter(each -> each == GroupEvent.LOSE).count();
        report.assembled(memberCount, run.assemble(memberCount, loses));
        for (GroupEvent event : plan) {
          if (interrupted.getAsBoolean()) {
            break;
          }
          report.ended(run.perform(event, report::begins));
        }
      } finally {
        var unused = load.stop().get();
        run.dissolve();
      }
      CommitRate commits = commitSeconds > 0 ? commitRate(name, interrupted) : null;
      report.print(
          run.failedCommits(),
          load.firstError(),
          commits,
          conditions -> describe(name, conditions));
      forget(session, name);
      return report.isGood() && load.firstError() == null;
    }
  }

  /** Each has settings of its own: a name when it is going to be lost. */
  private final class Hired implements GroupRun.Hiring {
    private final String name;
    private final Deliveries deliveries;
    private int hired;

    Hired(String name, Deliveries deliveries) {
      this.name = name;
      this.deliveries = deliveries;
    }

    @Override
    public GroupMember hire(boolean isStatic) {
      String own = "member-" + hired++;
      return member(
          name,
          consumerSettings(name, isStatic ? own : null),
          new GroupMember.Habits(TimeUnit.MILLISECONDS.toNanos(commitMillis), false),
          deliveries,
          own);
    }
  }

  private GroupMember member(
      String topic,
      ConsumerSettings consuming,
      GroupMember.Habits habits,
      Deliveries deliveries,
      String name) {
    return new GroupMember(
        topic,
        consuming,
        () -> surroundings.clients().consumer(consuming),
        habits,
        deliveries,
        surroundings.tasks(),
        "bench-" + name);
  }

  private ConsumerSettings consumerSettings(String groupId, @Nullable String instanceId) {
    ConsumerSettings.Builder builder =
        ConsumerSettings.builder(cluster.address(surroundings.environment()))
            .clientId("millrace-bench")
            .groupId(groupId)
            .autoCommit(false)
            .autoOffsetReset(OffsetReset.EARLIEST)
            .sessionTimeout(Duration.ofMillis(sessionMillis))
            .allowAutoCreateTopics(false);
    if (instanceId != null) {
      builder.groupInstanceId(instanceId);
    }
    return builder.setAll(settings).build();
  }

  private CommitRate commitRate(String name, BooleanSupplier interrupted) {
    List<TopicPartition> all =
        IntStream.range(0, partitions).mapToObj(each -> new TopicPartition(name, each)).toList();
    try (Consumer<ByteBuffer, ByteBuffer> consumer =
        surroundings.clients().consumer(consumerSettings(name + "-commits", null))) {
      CommitRate commits = new CommitRate(consumer, all, surroundings.clock(), interrupted);
      commits.measure((long) (commitSeconds * 1e9));
      MillraceException failure = commits.failure();
      if (failure != null) {
        throw failure;
      }
      return commits;
    }
  }

  // ---- Many groups -----------------------------------------------------------------------------

  private boolean manyGroups(AdminSession session, String name, BooleanSupplier interrupted)
      throws Exception {
    ManyGroups many = new ManyGroups(partitions, REST_NANOS, surroundings.clock(), interrupted);
    Deliveries nothing = new Deliveries(partitions);
    GroupReport report = new GroupReport(surroundings, nothing);
    boolean formed;
    try {
      formed =
          many.assemble(
              groups,
              i ->
                  member(
                      name,
                      consumerSettings(name + "-" + i, null),
                      new GroupMember.Habits(0, true),
                      nothing,
                      "group-" + i));
      if (formed) {
        many.keep((long) (seconds * 1e9));
      }
    } finally {
      many.dissolve();
    }
    report.print(groups, many, conditions -> describe(name, conditions));
    for (int i = 0; i < groups; i++) {
      forget(session, name + "-" + i);
    }
    return formed;
  }

  // ---- What it was -----------------------------------------------------------------------------

  private double rate() {
    return rate == null ? RATE_EACH * partitions : rate;
  }

  private void describe(String name, JsonText json) {
    BenchReport.conditions(json, name, partitions);
    json.field("members", memberCount).field("rate", groups > 0 ? 0 : rate());
    json.field("session_timeout_ms", sessionMillis).field("commit_every_ms", commitMillis);
    settings.forEach(json::field);
    json.end();
  }

  /** A group that some lost member is still counted in goes by itself. */
  private void forget(AdminSession session, String groupId) throws IOException {
    try {
      var unused = session.change(admin -> admin.deleteGroup(groupId));
    } catch (UnknownGroupException e) {
      return; // nothing was committed, and nobody is left
    } catch (MillraceException e) {
      surroundings
          .error()
          .println("millrace: group " + groupId + " stays: " + FailureReport.of(e).line());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
