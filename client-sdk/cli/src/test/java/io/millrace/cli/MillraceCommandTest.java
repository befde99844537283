package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.errors.NotEnoughReplicasException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.WrongClusterException;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MillraceCommandTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 2);

  @Test
  void b68_answersNoArgumentsWithTheUsageTextAndExit2() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec()).isEqualTo(2);
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr()).startsWith("Usage: millrace ").contains("  produce ", "  consume ");
    CommandRun group = CommandRun.on(cluster);
    assertThat(group.exec("topic")).isEqualTo(2);
    assertThat(group.stderr()).startsWith("Usage: millrace topic ").contains("  create ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "--nonsense",
        "topic nonsense",
        "topic list --nonsense",
        "topic list surplus",
        "topic create",
        "topic create a --partitions",
        "topic create a --partitions two",
        "topic create a --partitions 1 --partitions 2",
        "topic create a --set novalue",
        "topic create -a",
        "topic describe",
        "topic alter",
        "topic alter a",
        "topic alter a --set b=1 --unset b",
        "topic alter a --partitions",
        "topic compact a",
        "topic compact --now",
        "topic compact a --now --partition x",
        "topic compact a --now --timeout 0",
        "topic trim a",
        "topic trim a --before earliest",
        "topic trim a --before -1",
        "topic trim a --before yesterday",
        "cluster --settings one",
        "topic list --output yaml",
        "topic list --cluster",
        "produce",
        "produce notes a b",
        "consume",
        "consume notes --max many",
        "consume notes --max -1",
        "consume notes --format x --output json",
        "completion",
        "completion fish"
      })
  void b68_answersWrongUsageWithOneLineAHintAndExit2(String line) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec(line.split(" "))).isEqualTo(2);
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr())
        .startsWith("millrace: ")
        .doesNotContain("Exception")
        .doesNotContain("\tat ");
    assertThat(run.stderr().lines().count()).isLessThanOrEqualTo(3);
    assertThat(cluster.admins).isEmpty();
  }

  @Test
  void suggestsTheCommandThatWasMeant() {
    CommandRun run = CommandRun.on(cluster);
    run.exec("prodcue", "notes");
    assertThat(run.stderr())
        .isEqualTo(
            """
            millrace: unknown command 'prodcue'
            Did you mean: millrace produce or millrace group?
            Try 'millrace --help'.
            """);
  }

  @Test
  void takesAValueThatBeginsWithADashAfterAnEqualsSignOrTwoDashes() {
    CommandRun.on(cluster).input("-k:-v\n").exec("produce", "--key-delimiter=:", "--", "notes");
    CommandRun run = CommandRun.on(cluster);
    run.exec("consume", "notes", "--from=0", "--until-end", "--format=-%k -%v");
    assertThat(run.stdout()).isEqualTo("--k --v");
  }

  @Test
  void hasHelpOnEveryLevelThatContactsNobody() {
    assertHelp(CommandRun.on(cluster).command().assembleAll());
    assertThat(cluster.admins).isEmpty();
  }

  private void assertHelp(CommandLine command) {
    String[] path = (command.getCommandSpec().qualifiedName(" ") + " --help").split(" ");
    CommandRun run = CommandRun.on(cluster);
    int exit = run.exec(java.util.Arrays.copyOfRange(path, 1, path.length));
    assertThat(exit).as(String.join(" ", path)).isZero();
    assertThat(run.stdout()).startsWith("Usage: " + command.getCommandSpec().qualifiedName(" "));
    assertThat(run.stderr()).isEmpty();
    assertThat(run.stdout().lines())
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
    assertThat(command.getCommandSpec().usageMessage().description()[0])
        .as("what the list of commands shows")
        .endsWith(".");
    command.getSubcommands().values().forEach(this::assertHelp);
  }

  @Test
  void loadsOnlyTheCommandThatIsAskedFor() {
    AtomicBoolean loaded = new AtomicBoolean();
    CommandRun run = CommandRun.on(cluster);
    run.more =
        List.of(
            new CommandEntry(
                "heavy",
                () -> {
                  loaded.set(true);
                  return new CommandLine(
                      new CompletionCommand(
                          run.surroundings(), () -> new CommandLine(new RootCommand())));
                }));
    assertThat(run.exec("topic", "list")).isZero();
    assertThat(loaded).isFalse();
    run.exec("--help");
    assertThat(loaded).isTrue();
  }

  @Test
  void tellsTheClustersAnswersApartInItsExitCode() {
    Map<MillraceException, Integer> codes =
        Map.of(
            new NotEnoughReplicasException("x"), 1,
            new ProtocolException("x"), 1,
            new InvalidRequestException("x"), 2,
            new WrongClusterException("x"), 4,
            new OutcomeUnknownException("x"), 5,
            new NotAuthorisedException("x"), 6);
    codes.forEach(
        (error, code) -> {
          cluster.broken = error;
          CommandRun run = CommandRun.on(cluster);
          assertThat(run.exec("topic", "list")).as(error.toString()).isEqualTo(code);
          assertThat(run.stderr()).isEqualTo("millrace: x\n");
        });
  }

  @Test
  void b69_takesNoSecretOnTheCommandLine() {
    assertNoSecrets(CommandRun.on(cluster).command().assembleAll());
    for (String option : List.of("--password=x", "--password", "--secret=x", "--token=x")) {
      CommandRun run = CommandRun.on(cluster);
      assertThat(run.exec("topic", "list", option)).as(option).isEqualTo(2);
    }
  }

  private static void assertNoSecrets(CommandLine command) {
    command
        .getCommandSpec()
        .options()
        .forEach(
            option ->
                assertThat(option.longestName())
                    .as(command.getCommandSpec().qualifiedName())
                    .doesNotContain("password", "secret", "token", "credential"));
    command.getSubcommands().values().forEach(MillraceCommandTest::assertNoSecrets);
  }

  @Test
  void tellsOfAPositionThatIsNotThereInWordsOfTheCommandLine() {
    cluster.broken =
        new OffsetOutOfRangeException(
            "notes", 0, 9, "notes/0: there is no record at 9; seek, or set auto.offset.reset");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("consume", "notes", "--from", "9")).isEqualTo(1);
    assertThat(run.stderr()).isEqualTo("millrace: notes/0: there is no record at 9; see --from\n");
  }

  @Test
  void leavesTheWiresNamesForErrorsOut() {
    for (ErrorCode code : ErrorCode.values()) {
      if (code == ErrorCode.ERROR_CODE_UNSPECIFIED || code == ErrorCode.UNRECOGNIZED) {
        continue;
      }
      cluster.broken = new ProtocolException("notes/0: " + code + ": the reason");
      CommandRun run = CommandRun.on(cluster);
      run.exec("topic", "list");
      assertThat(run.stderr()).isEqualTo("millrace: notes/0: the reason\n");
    }
  }

  @Test
  void takesAnyFirstQuestionWithoutAnswerForAClusterThatCannotBeReached() {
    for (MillraceException error :
        List.of(
            new TimedOutException("x"),
            new ClusterUnreachableException("x"),
            new BrokerUnavailableException("x"))) {
      cluster.broken = error;
      for (String command : List.of("topic list", "cluster", "produce notes", "consume notes")) {
        CommandRun run = CommandRun.on(cluster);
        assertThat(run.exec(command.split(" ", 0))).as(command).isEqualTo(7);
        assertThat(run.stderr())
            .isEqualTo(
                "millrace: the cluster at 127.0.0.1:2181/millrace cannot be reached (x); is it"
                    + " running? See also --cluster, which takes broker://HOST:PORT too and then"
                    + " needs no ZooKeeper\n");
      }
    }
    cluster.broken = new TimedOutException("x");
    assertThat(CommandRun.on(cluster).exec("topic", "create", "new")).isEqualTo(5);
    cluster.broken = new ClusterUnreachableException("x");
    assertThat(CommandRun.on(cluster).exec("topic", "create", "new")).isEqualTo(7);
  }

  @Test
  void doesNotSayThatAClusterCannotBeReachedWhichHasAnswered() {
    cluster.broken =
        new TimedOutException(
            "not done in time; x", new BrokerUnavailableException("UNAVAILABLE: x is being made"));
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("topic", "list")).isEqualTo(7);
    assertThat(run.stderr())
        .isEqualTo(
            "millrace: the cluster at 127.0.0.1:2181/millrace is there, but not ready for this yet"
                + " (x is being made); try again\n");
  }

  @Test
  void tellsAPersonWhoWaitsForWhat() throws Exception {
    CommandRun run = CommandRun.on(cluster).atTerminal();
    CountDownLatch told = new CountDownLatch(1);
    Surroundings waiting = run.surroundings(text -> told.countDown());
    String answer =
        FirstContact.ask(
            waiting,
            "zk:2181/x",
            () -> {
              told.await();
              return "answer";
            });
    assertThat(answer).isEqualTo("answer");
    assertThat(run.stderr()).isEqualTo("no answer from zk:2181/x yet; Ctrl-C gives up\n");
  }

  @Test
  void showsAStackTraceOnlyToThoseWhoAskForIt() {
    cluster.broken = new ProtocolException("x");
    CommandRun run = CommandRun.on(cluster);
    run.exec("topic", "list", "--verbose");
    assertThat(run.stderr()).contains("\tat io.millrace");
  }

  @Test
  void b58_letsNoMessageOfTheClusterSteerTheTerminal() {
    cluster.broken = new InvalidRequestException("bad name \u001b[2J\nmillrace: all is well");
    CommandRun run = CommandRun.on(cluster);
    run.exec("topic", "list");
    assertThat(run.stderr()).isEqualTo("millrace: bad name \\u001b[2J millrace: all is well\n");
  }

  @Test
  void takesTheClusterFromTheOptionElseTheEnvironmentElseTheDefault() {
    CommandRun run = CommandRun.on(cluster);
    run.environment.put("MILLRACE_CLUSTER", "env:1/x");
    run.exec("topic", "list", "--cluster", "option:1/x");
    run.exec("topic", "list");
    CommandRun.on(cluster).exec("topic", "list");
    assertThat(cluster.admins)
        .extracting(settings -> settings.cluster())
        .containsExactly("option:1/x", "env:1/x", "127.0.0.1:2181/millrace");
  }

  @Test
  void b68_helpIntoAClosedPipeEndsQuietly() {
    CommandRun run = CommandRun.on(cluster);
    run.output =
        new OutputStream() {
          @Override
          public void write(int oneByte) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    assertThat(run.exec("topic", "list")).isZero();
    assertThat(run.stderr()).isEmpty();
  }

  @Test
  void printsAScriptThatCompletesEveryCommand() {
    for (String shell : List.of("bash", "zsh")) {
      CommandRun run = CommandRun.on(cluster);
      assertThat(run.exec("completion", shell)).isZero();
      assertThat(run.stdout()).contains("topic", "produce", "--until-end", "complete -F");
    }
  }

  @Test
  void namesItsVersion() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("--version")).isZero();
    assertThat(run.stdout()).startsWith("millrace ");
  }
}
