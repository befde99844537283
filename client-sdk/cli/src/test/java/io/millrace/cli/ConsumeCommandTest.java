package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import io.millrace.wire.RecordHeader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsumeCommandTest {
  private final PretendCluster cluster = new PretendCluster().with("t", 3);

  ConsumeCommandTest() {
    for (int partition = 0; partition < 3; partition++) {
      for (int offset = 0; offset < 5; offset++) {
        add(partition, offset, 1_000L * offset, "k", "p" + partition + "o" + offset);
      }
    }
  }

  private void add(int partition, long offset, long timestamp, String key, String value) {
    cluster
        .partition("t", partition)
        .add(
            new ConsumerRecord<>(
                new TopicPartition("t", partition),
                offset,
                timestamp,
                bytes(key),
                bytes(value),
                List.of()));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();
  }

  @Test
  void startsAtTheEndUnlessToldAndSaysSoWhereThatIsPointless() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("consume", "t", "--until-end")).isZero();
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr()).contains("--from earliest");
  }

  @Test
  void readsOnlyThePartitionsThatAreNamed() {
    assertThat(read("--from", "3", "--partition", "0,2")).isEqualTo("p0o3\np0o4\np2o3\np2o4\n");
    assertThat(read("--from", "4", "--partition", "1", "--partition", "1")).isEqualTo("p1o4\n");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("consume", "t", "--partition", "3")).isEqualTo(3);
    assertThat(run.stderr()).isEqualTo("millrace: topic t has no partition 3; it has 0 to 2\n");
  }

  @Test
  void beginsAtATimeAndAtTheEndWhereNothingIsSoLate() {
    assertThat(read("--from", "@3500", "--partition", "1")).isEqualTo("p1o4\n");
    assertThat(read("--from", "@4001", "--partition", "1")).isEmpty();
    // The clock of the test stands at 10 s.
    assertThat(read("--from", "7s", "--partition", "1")).isEqualTo("p1o3\np1o4\n");
  }

  @Test
  void endsAfterTheMostRecordsWanted() {
    assertThat(read("--from", "earliest", "--max", "2", "--partition", "0"))
        .isEqualTo("p0o0\np0o1\n");
    assertThat(read("--from", "earliest", "--max", "0")).isEmpty();
  }

  @Test
  void doesNotWaitForWhatIsWrittenAfterTheStart() {
    CommandRun run = CommandRun.on(cluster);
    Surroundings surroundings = run.surroundings();
    ConsumeRun reading =
        new ConsumeRun(
            surroundings, new PretendConsumer(cluster), RecordFormat.LINES, Long.MAX_VALUE);
    reading.start(List.of(new TopicPartition("t", 0)), new StartAt.Offset(4));
    reading.stopAtPresentEnd();
    add(0, 5, 0, "k", "late");
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> reading.run(() -> false)))
        .isNull();
    assertThat(run.stdout()).isEqualTo("p0o4\n");
  }

  @Test
  void asksForNoTopicToBeMade() {
    read("--from", "latest");
    assertThat(cluster.consumers.get(0).allowAutoCreateTopics()).isFalse();
  }

  @Test
  void printsJsonWhoseMembersTellTheBytesExactly() {
    cluster.with("j", 1);
    TopicPartition at = new TopicPartition("j", 0);
    byte[] broken = {(byte) 0xff, 'x'};
    cluster
        .partition("j", 0)
        .add(
            new ConsumerRecord<>(
                at,
                0,
                7,
                null,
                bytes("a\"\u00e9\n"),
                List.of(new RecordHeader("h", null), new RecordHeader("h", broken))));
    cluster
        .partition("j", 0)
        .add(new ConsumerRecord<>(at, 1, 8, ByteBuffer.wrap(broken), null, List.of()));
    CommandRun run = CommandRun.on(cluster);
    run.exec("consume", "j", "--from", "earliest", "--until-end", "--output", "json");
    assertThat(run.stdout())
        .isEqualTo(
            """
            {"topic":"j","partition":0,"offset":0,"timestamp":7,"key":null,"value":"a\\"\u00e9\\n",\
            "headers":[{"name":"h","value":null},{"name":"h","valueBase64":"/3g="}]}
            {"topic":"j","partition":0,"offset":1,"timestamp":8,"keyBase64":"/3g=","value":null,\
            "headers":[]}
            """);
  }

  @Test
  void printsWhatTheFormatSays() {
    assertThat(
            read("--from", "4", "--partition", "2", "--format", "%p %o %t %k %v 100%%\\t\\0é\\n"))
        .isEqualTo("2 4 4000 k p2o4 100%\t\0é\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%x", "%", "\\", "\\q", "a%"})
  void refusesAFormatItDoesNotKnow(String format) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("consume", "t", "--format", format)).isEqualTo(2);
    assertThat(run.stderr()).contains("there are: %p partition");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "yesterday", "18446744073709551616"})
  void refusesAPlaceItDoesNotKnow(String from) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("consume", "t", "--from", from)).isEqualTo(2);
    assertThat(run.stderr()).contains("'" + from + "' is none of: earliest");
  }

  private String read(String... options) {
    CommandRun run = CommandRun.on(cluster);
    String[] args = new String[options.length + 3];
    args[0] = "consume";
    args[1] = "t";
    args[2] = "--until-end";
    System.arraycopy(options, 0, args, 3, options.length);
    assertThat(run.exec(args)).isZero();
    return run.stdout();
  }
}
