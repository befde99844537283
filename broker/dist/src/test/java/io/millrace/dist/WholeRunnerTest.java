package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerPublisher;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRunner;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializers;
import io.millrace.client.FailurePolicy;
import io.millrace.client.OffsetReset;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.RebalanceListener;
import io.millrace.client.RecordMetadata;
import io.millrace.client.Serializers;
import io.millrace.client.TopicPartition;
import io.millrace.client.TopicPattern;
import io.millrace.client.errors.ClosedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Runner, publisher and rebalance listeners against a cluster in this process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class WholeRunnerTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ServerCommandRun dev = new ServerCommandRun();
  private String cluster = "";
  private CompletableFuture<Integer> end = new CompletableFuture<>();

  @BeforeAll
  void startCluster(@TempDir Path folder) throws Exception {
    end = dev.start("dev", "--dir", folder.toString(), "--port", "0", "--zk-port", "0");
    assertThat(dev.stdout()).as(dev.stderr()).startsWith("ready cluster=");
    cluster = dev.stdout().substring("ready cluster=".length(), dev.stdout().indexOf(" brokers="));
  }

  @AfterAll
  void stopCluster() {
    dev.interrupt();
    assertThat(end.join()).isZero();
  }

  private void create(String topic, int partitions) {
    ServerCommandRun run = new ServerCommandRun(Map.of("MILLRACE_CLUSTER", cluster));
    assertThat(run.exec("topic", "create", topic, "--partitions", Integer.toString(partitions)))
        .as(run.stderr())
        .isZero();
  }

  private Producer<String, String> producer() {
    return Producer.create(
        ProducerSettings.builder(cluster).build(), Serializers.string(), Serializers.string());
  }

  private void produce(String topic, int from, int until) {
    try (Producer<String, String> producer = producer()) {
      List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();
      for (int i = from; i < until; i++) {
        sent.add(producer.send(new ProducerRecord<>(topic, "k" + i, Integer.toString(i))));
      }
      sent.forEach(CompletableFuture::join);
    }
  }

  private ConsumerSettings settings(String group) {
    return ConsumerSettings.builder(cluster)
        .clientId(group)
        .groupId(group)
        .autoOffsetReset(OffsetReset.EARLIEST)
        .sessionTimeout(Duration.ofSeconds(6))
        .heartbeatInterval(Duration.ofMillis(500))
        .build();
  }

  private ConsumerRunner.Builder<String, String> runner(String group, String... topics) {
    return ConsumerRunner.builder(settings(group), Deserializers.string(), Deserializers.string())
        .topics(topics)
        .commitEvery(Duration.ofMillis(100));
  }

  private Consumer<String, String> consumer(String group) {
    return Consumer.create(settings(group), Deserializers.string(), Deserializers.string());
  }

  private static List<String> numbers(int from, int until) {
    return IntStream.range(from, until).mapToObj(Integer::toString).collect(Collectors.toList());
  }

  private static void awaitSize(Collection<?> some, int size) {
    await().atMost(LONG).until(() -> some.size() >= size);
  }

  // ---- The runner ------------------------------------------------------------------------------

  @Test
  @DisplayName("Runners come and go in order: every record is handled, and none twice")
  void sharesTheWorkAndHandlesNothingTwiceAfterStopsInOrder() {
    create("work", 6);
    produce("work", 0, 500);
    Map<String, List<Long>> byPartition = new ConcurrentHashMap<>();
    List<String> all = Collections.synchronizedList(new ArrayList<>());
    List<String> others = Collections.synchronizedList(new ArrayList<>());
    try (ConsumerRunner first =
        runner("workers", "work")
            .start(
                record -> {
                  all.add(String.valueOf(record.value()));
                  byPartition
                      .computeIfAbsent(record.topicPartition().toString(), p -> new ArrayList<>())
                      .add(record.offset());
                })) {
      awaitSize(all, 500);
      try (ConsumerRunner second =
          runner("workers", "work")
              .start(
                  record -> {
                    all.add(String.valueOf(record.value()));
                    others.add(record.topicPartition().toString());
                  })) {
        int[] next = {500};
        await()
            .atMost(LONG)
            .until(
                () -> {
                  produce("work", next[0], next[0] + 50);
                  next[0] += 50;
                  return others.stream().distinct().count() == 3;
                });
        awaitSize(all, next[0]);
        second.close(LONG);
        second.awaitEnd();
        produce("work", next[0], next[0] + 100);
        awaitSize(all, next[0] + 100);
        assertThat(all).doesNotHaveDuplicates().hasSize(next[0] + 100);
        assertThat(first.awaitEnd(Duration.ZERO)).isFalse();
      }
    }
    assertThat(byPartition.values()).allSatisfy(each -> assertThat(each).isSorted());
    try (Consumer<String, String> after = consumer("workers")) {
      long sum =
          after
              .committed(
                  IntStream.range(0, 6).mapToObj(i -> new TopicPartition("work", i)).toList())
              .values()
              .stream()
              .mapToLong(each -> each.offset())
              .sum();
      assertThat(sum).as("all is committed").isEqualTo(all.size());
    }
  }

  @Test
  @DisplayName("A handler that takes longer than max.poll.interval.ms for its queue keeps it")
  void aSlowHandlerDoesNotLoseItsMembership() {
    create("slow", 1);
    produce("slow", 0, 40);
    List<String> handled = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch never = new CountDownLatch(1);
    ConsumerSettings quick =
        ConsumerSettings.builder(cluster)
            .groupId("slow")
            .autoOffsetReset(OffsetReset.EARLIEST)
            .sessionTimeout(Duration.ofSeconds(2))
            .heartbeatInterval(Duration.ofMillis(200))
            .maxPollInterval(Duration.ofSeconds(1))
            .build();
    try (ConsumerRunner runner =
        ConsumerRunner.builder(quick, Deserializers.string(), Deserializers.string())
            .topics("slow")
            .start(
                record -> {
                  assertThat(never.await(100, TimeUnit.MILLISECONDS)).isFalse();
                  handled.add(String.valueOf(record.value()));
                })) {
      awaitSize(handled, 40); // 4 s: four times the poll interval, twice the session
      assertThat(handled).containsExactlyElementsOf(numbers(0, 40));
      runner.close(LONG);
    }
  }

  @Test
  void writesDeadLettersBeforeItGoesOn() {
    create("letters", 1);
    create("dead-letters", 1);
    produce("letters", 0, 10);
    List<String> handled = Collections.synchronizedList(new ArrayList<>());
    List<ConsumerRecord<String, String>> dead = Collections.synchronizedList(new ArrayList<>());
    try (Producer<String, String> producer = producer();
        ConsumerRunner runner =
            runner("letters", "letters")
                .onFailure(FailurePolicy.deadLetter(producer, "dead-letters"))
                .start(
                    record -> {
                      if (record.offset() == 4) {
                        throw new IllegalStateException("not four");
                      }
                      handled.add(String.valueOf(record.value()));
                    });
        ConsumerRunner reader = runner("readers", "dead-letters").start(dead::add)) {
      awaitSize(handled, 9);
      awaitSize(dead, 1);
      assertThat(dead.get(0).value()).isEqualTo("4");
      assertThat(dead.get(0).key()).isEqualTo("k4");
      Map<String, String> headers =
          dead.get(0).headers().stream()
              .collect(
                  Collectors.toMap(each -> each.name(), each -> new String(each.value(), UTF)));
      assertThat(headers)
          .containsEntry("dead-letter.topic", "letters")
          .containsEntry("dead-letter.offset", "4")
          .containsEntry("dead-letter.error", "java.lang.IllegalStateException: not four");
      runner.stop();
      runner.awaitEnd();
      assertThat(reader.awaitEnd(Duration.ZERO)).isFalse();
    }
  }

  private static final java.nio.charset.Charset UTF = java.nio.charset.StandardCharsets.UTF_8;

  @Test
  @DisplayName("4.12: topics that match a pattern, those too that are made later")
  void readsTopicsThatMatchAPattern() {
    create("pattern-a", 1);
    create("other-a", 1);
    produce("pattern-a", 0, 5);
    produce("other-a", 100, 105);
    List<String> handled = Collections.synchronizedList(new ArrayList<>());
    try (ConsumerRunner runner =
        ConsumerRunner.builder(settings("patterns"), Deserializers.string(), Deserializers.string())
            .patterns(new TopicPattern("pattern-?"), new TopicPattern("p*-long"))
            .start(record -> handled.add(String.valueOf(record.value())))) {
      awaitSize(handled, 5);
      create("pattern-b", 1);
      create("pattern-long", 2);
      produce("pattern-b", 5, 10);
      produce("pattern-long", 10, 15);
      awaitSize(handled, 15);
      assertThat(handled).containsExactlyInAnyOrderElementsOf(numbers(0, 15));
      assertThat(runner.awaitEnd(Duration.ZERO)).isFalse();
    }
  }

  // ---- The publisher ---------------------------------------------------------------------------

  /** Asks for one record at a time. */
  private static final class OneByOne implements Flow.Subscriber<ConsumerRecord<String, String>> {
    final List<String> values = Collections.synchronizedList(new ArrayList<>());
    final CompletableFuture<Boolean> end = new CompletableFuture<>();
    private final int most;
    private Flow.@Nullable Subscription subscription;

    OneByOne(int most) {
      this.most = most;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(1);
    }

    @Override
    public void onNext(ConsumerRecord<String, String> record) {
      values.add(String.valueOf(record.value()));
      if (subscription != null && values.size() < most) {
        subscription.request(1);
      }
    }

    @Override
    public void onError(Throwable e) {
      end.completeExceptionally(e);
    }

    @Override
    public void onComplete() {
      end.complete(true);
    }
  }

  @Test
  void publishesWhatIsRequestedAndGoesOnThereWithTheNext() {
    create("flows", 1);
    produce("flows", 0, 300);
    OneByOne first = new OneByOne(120);
    try (ConsumerPublisher<String, String> publisher =
        ConsumerPublisher.builder(settings("flow"), Deserializers.string(), Deserializers.string())
            .topics("flows")
            .build()) {
      publisher.subscribe(first);
      awaitSize(first.values, 120);
    }
    assertThat(first.end.join()).isTrue();
    assertThat(first.values).containsExactlyElementsOf(numbers(0, 120));
    OneByOne second = new OneByOne(1000);
    try (ConsumerPublisher<String, String> publisher =
        ConsumerPublisher.builder(settings("flow"), Deserializers.string(), Deserializers.string())
            .topics("flows")
            .build()) {
      publisher.subscribe(second);
      awaitSize(second.values, 180);
    }
    assertThat(second.values).containsExactlyElementsOf(numbers(120, 300));
  }

  // ---- Rebalance listeners ---------------------------------------------------------------------

  private static void pollUntil(Consumer<?, ?> consumer, java.util.function.BooleanSupplier so) {
    long limit = System.nanoTime() + LONG.toNanos();
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(limit);
      consumer.poll(Duration.ofMillis(20));
    }
  }

  private Consumer<String, String> byHand(String group, Duration maxPollInterval) {
    return Consumer.create(
        ConsumerSettings.builder(cluster)
            .groupId(group)
            .autoCommit(false)
            .autoOffsetReset(OffsetReset.EARLIEST)
            .maxPollInterval(maxPollInterval)
            .build(),
        Deserializers.string(),
        Deserializers.string());
  }

  @Test
  @DisplayName("what was read can be committed in onRevoked, also when the consumer closes")
  void commitsInOnRevokedWhileItCloses() {
    create("closes", 1);
    produce("closes", 0, 10);
    TopicPartition only = new TopicPartition("closes", 0);
    Consumer<String, String> closing = byHand("closing", Duration.ofMinutes(1));
    int[] read = new int[1];
    closing.subscribe(
        List.of("closes"),
        new RebalanceListener() {
          @Override
          public void onRevoked(Collection<TopicPartition> partitions) {
            closing.commitSync();
          }
        });
    pollUntil(
        closing,
        () -> {
          read[0] += closing.poll(Duration.ofMillis(20)).count();
          return read[0] > 0
              || (closing.assignment().contains(only) && closing.position(only) == 10);
        });
    long position = closing.position(only);
    closing.close();
    assertThatThrownBy(closing::commitSync).isInstanceOf(ClosedException.class);
    try (Consumer<String, String> after = consumer("closing")) {
      assertThat(after.committed(List.of(only)).values())
          .extracting(CommittedOffset::offset)
          .containsExactly(position);
      assertThat(position).isPositive();
    }
  }

  @Test
  @DisplayName("a listener that throws comes out of poll, and the consumer goes on as it should")
  void aListenerThatThrowsLeavesNothingUnread() {
    create("throws", 2);
    produce("throws", 0, 20);
    List<String> values = new ArrayList<>();
    List<String> thrown = new ArrayList<>();
    try (Consumer<String, String> consumer = byHand("throwing", Duration.ofMinutes(1))) {
      consumer.subscribe(
          List.of("throws"),
          new RebalanceListener() {
            @Override
            public void onAssigned(Collection<TopicPartition> partitions) {
              assertThatThrownBy(() -> consumer.poll(Duration.ZERO))
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessageContaining("poll may not be called by a rebalance listener");
              assertThatThrownBy(consumer::close).isInstanceOf(IllegalStateException.class);
              throw new IllegalArgumentException("not ready");
            }
          });
      long limit = System.nanoTime() + LONG.toNanos();
      while (values.size() < 20 && System.nanoTime() < limit) {
        try {
          consumer
              .poll(Duration.ofMillis(20))
              .forEach(record -> values.add(String.valueOf(record.value())));
        } catch (IllegalArgumentException e) {
          thrown.add(e.getMessage());
        }
      }
    }
    assertThat(thrown).isNotEmpty().containsOnly("not ready");
    assertThat(values).containsExactlyInAnyOrderElementsOf(numbers(0, 20));
  }

  @Test
  @DisplayName(
      "whoever takes longer than max.poll.interval.ms over onRevoked is out, and joins again")
  void aListenerThatTakesTooLongIsFencedAndJoinsAgain() {
    create("takes-long", 1);
    produce("takes-long", 0, 5);
    List<String> events = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch never = new CountDownLatch(1);
    try (Consumer<String, String> slow = byHand("slow-listener", Duration.ofSeconds(1))) {
      RebalanceListener listener =
          new RebalanceListener() {
            @Override
            public void onAssigned(Collection<TopicPartition> partitions) {
              events.add("assigned");
            }

            @Override
            public void onRevoked(Collection<TopicPartition> partitions) {
              events.add("revoked");
              try {
                events.add("late " + never.await(3, TimeUnit.SECONDS));
                slow.commitSync();
              } catch (InterruptedException | io.millrace.client.errors.MillraceException e) {
                events.add(e.getClass().getSimpleName());
              }
            }

            @Override
            public void onLost(Collection<TopicPartition> partitions) {
              events.add("lost");
            }
          };
      slow.subscribe(List.of("takes-long"), listener);
      pollUntil(slow, () -> events.contains("assigned"));
      pollUntil(slow, () -> slow.position(new TopicPartition("takes-long", 0)) == 5);
      create("elsewhere", 1);
      slow.subscribe(List.of("elsewhere"), listener);
      pollUntil(slow, () -> events.size() >= 4);
      assertThat(events).startsWith("assigned", "revoked", "late false", "MemberFencedException");
      pollUntil(slow, () -> !slow.assignment().isEmpty());
      assertThat(slow.assignment()).containsExactly(new TopicPartition("elsewhere", 0));
    }
  }

  @Test
  @DisplayName("a poll that waits longer than max.poll.interval.ms is a sign of life")
  void aLongPollDoesNotLoseTheMembership() {
    create("quiet", 1);
    List<String> events = Collections.synchronizedList(new ArrayList<>());
    try (Consumer<String, String> patient = byHand("patient", Duration.ofSeconds(1))) {
      patient.subscribe(
          List.of("quiet"),
          new RebalanceListener() {
            @Override
            public void onLost(Collection<TopicPartition> partitions) {
              events.add("lost");
            }
          });
      pollUntil(patient, () -> !patient.assignment().isEmpty());
      assertThat(patient.poll(Duration.ofSeconds(4)).isEmpty()).isTrue();
      patient.poll(Duration.ofMillis(200));
      assertThat(events).isEmpty();
      assertThat(patient.assignment()).hasSize(1);
    }
  }
}
