package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.errors.LogTruncatedException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a consumer whose broker is damaged, confused or hostile. */
class ConsumerHostileTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);

  private final SimulatedWorld world = new SimulatedWorld(31, 1);
  private final FakeLog log = world.cluster().createTopic("notes", 2).log(0);
  private final SimulatedConsumer consumer = consumer();

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedConsumer consumer() {
    SimulatedConsumer made =
        new SimulatedConsumer(
            world, SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST));
    made.client().assign(List.of(P0));
    return made;
  }

  private static ByteBuffer stamped(long baseOffset, int epoch, String... values) {
    ByteBuffer batch = Batches.of(values);
    view(batch).stamp(baseOffset, epoch, 0);
    return batch;
  }

  private static BatchView view(ByteBuffer batch) {
    BatchView view = new BatchView();
    view.scan(batch, 0, batch.limit());
    return view;
  }

  // ---- Damage ----------------------------------------------------------------------------------

  @Test
  @DisplayName("B95: every damaged byte of a batch is found, and nothing of the batch delivered")
  void b95_everyDamagedByte() {
    ByteBuffer healthy = Batches.of("one", "two", "three");
    for (int at = 0; at < healthy.limit(); at++) {
      SimulatedWorld damaged = new SimulatedWorld(at, 1);
      FakeLog notes = damaged.cluster().createTopic("notes", 1).log(0);
      notes.append(Batches.of("before"), 1, 0);
      byte[] bytes = Batches.bytes(healthy);
      view(ByteBuffer.wrap(bytes)).stamp(1, 1, 0);
      bytes[at] ^= 0x10;
      notes.appendRaw(1, 4, bytes);
      notes.append(Batches.of("after"), 1, 0);
      SimulatedConsumer reader =
          new SimulatedConsumer(
              damaged, SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST));
      reader.client().assign(List.of(P0));
      Throwable thrown = null;
      try {
        reader.pollFor(Duration.ofSeconds(3));
      } catch (CorruptRecordException e) {
        thrown = e;
        assertThat(e.offset()).as("byte " + at).isEqualTo(1);
        assertThat(reader.client().position(P0)).as("byte " + at).isEqualTo(1);
        assertThat(e.nextOffset()).isGreaterThan(1);
      }
      // Base offset, epoch and append time are the leader's to write, and not under the checksum.
      boolean leadersOwn = at >= LEADERS_OWN_START && at < LEADERS_OWN_END;
      if (!leadersOwn) {
        assertThat(thrown).as("byte " + at).isNotNull();
        assertThat(reader.values()).as("byte " + at).containsExactly("before");
      } else {
        assertThat(reader.values()).as("byte " + at).startsWith("before");
        assertThat(reader.values().stream().filter("before"::equals)).hasSize(1);
      }
    }
  }

  // Tag and length of the batch, then three fields of nine, five and nine bytes.
  private static final int LEADERS_OWN_START = 3;
  private static final int LEADERS_OWN_END = LEADERS_OWN_START + 9 + 5 + 9;

  @Test
  @DisplayName("B95: damage stays where it is until the user seeks past it")
  void b95_seekPastTheDamage() {
    log.append(Batches.of("before"), 1, 0);
    ByteBuffer damaged = stamped(1, 1, "bad", "worse");
    damaged.put(damaged.limit() - 1, (byte) ~damaged.get(damaged.limit() - 1));
    log.appendRaw(1, 3, Batches.bytes(damaged));
    log.append(Batches.of("after"), 1, 0);
    consumer.awaitRecords(1);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(1)))
          .isInstanceOf(CorruptRecordException.class);
    }
    CorruptRecordException e =
        catchThrowableOfType(
            CorruptRecordException.class, () -> consumer.pollFor(Duration.ofSeconds(1)));
    assertThat(e.topic()).isEqualTo("notes");
    assertThat(e.offset()).isEqualTo(1);
    assertThat(e.nextOffset()).isEqualTo(3);
    consumer.client().seek(P0, e.nextOffset());
    consumer.awaitRecords(2);
    assertThat(consumer.values()).containsExactly("before", "after");
  }

  @Test
  void damageOnTheWayIsAskedForAgainAndForgotten() {
    log.append(Batches.of("a"), 1, 0);
    ByteBuffer damaged = stamped(0, 1, "a");
    damaged.put(damaged.limit() - 1, (byte) 'b');
    world
        .broker(1)
        .script(Scripts.times(1, fetch(result -> result.setNextOffset(1), Batches.bytes(damaged))));
    consumer.awaitRecords(1);
    assertThat(world.broker(1).seen(Request.ApiCase.FETCH))
        .as("the leader is told where to look")
        .anyMatch(
            request ->
                request.getFetch().getPartitions(0).hasDamagedOffset()
                    && request.getFetch().getPartitions(0).getDamagedOffset() == 0);
  }

  @Test
  void damageInOnePartitionDoesNotStarveAnother() {
    log.appendRaw(0, 1, new byte[] {1, 2, 3});
    FakeLog other = world.cluster().topic("notes").log(1);
    consumer.client().assign(List.of(P0, new TopicPartition("notes", 1)));
    int thrown = 0;
    for (int i = 0; i < 2000 && consumer.records().size() < 20; i++) {
      if (i % 50 == 0) {
        other.append(Batches.of("v" + i), 1, 0);
        world.broker(1).wakeWaiting();
      }
      try {
        consumer.poll();
      } catch (CorruptRecordException e) {
        thrown++;
      }
      world.runFor(Duration.ofMillis(1));
    }
    assertThat(consumer.records()).hasSizeGreaterThanOrEqualTo(20);
    assertThat(thrown).isPositive();
  }

  // ---- Lies ------------------------------------------------------------------------------------

  private io.millrace.client.fake.FakeBroker.Script fetch(
      Consumer<FetchResult.Builder> change, byte[] payload) {
    return Scripts.on(
        Request.ApiCase.FETCH,
        request -> {
          answer(request, change, payload);
          return true;
        });
  }

  private static void answer(
      InboundRequest request, Consumer<FetchResult.Builder> change, byte[] payload) {
    FetchPartition asked = request.head().getFetch().getPartitions(0);
    FetchResult.Builder result =
        FetchResult.newBuilder()
            .setTopicId(asked.getTopicId())
            .setPartition(asked.getPartition())
            .setLeaderEpoch(asked.getLeaderEpoch())
            .setHighWatermark(100)
            .setSize(payload.length)
            .setNextOffset(asked.getFetchOffset());
    change.accept(result);
    request.answer(
        Response.newBuilder().setFetch(FetchResponse.newBuilder().addResults(result)),
        List.of(new Payload.Bytes(ByteBuffer.wrap(payload))));
  }

  /**
   * An answer that cannot be right.
   *
   * @param told part of what the application is told of it, as damage of the log; empty: nothing,
   *     the answer is discarded and asked for again
   */
  private record Lie(
      String name, Consumer<FetchResult.Builder> change, ByteBuffer payload, String told) {
    Lie(String name, Consumer<FetchResult.Builder> change, byte[] payload) {
      this(name, change, ByteBuffer.wrap(payload), "");
    }

    /** What a damaged log would look like too, so that asking again for ever would hide it. */
    Lie toldAs(String why) {
      return new Lie(name, change, payload, why);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Lie> lies() {
    byte[] right = Batches.bytes(stamped(10, 1, "lie"));
    byte[] below = Batches.bytes(stamped(3, 1, "lie"));
    return Stream.of(
        new Lie("another partition", r -> r.setPartition(1).setNextOffset(11), right),
        new Lie("another topic", r -> r.setTopicId("x~1").setNextOffset(11), right),
        // A flipped base offset, which the checksum does not cover, looks like this.
        new Lie("below the request", r -> {}, below).toldAs("from offset 3 to 3 where 10 is due"),
        new Lie("below the request, moving on", r -> r.setNextOffset(11).setLeaderEpoch(0), below),
        new Lie("on behind the high watermark", r -> r.setNextOffset(500), right),
        // The batch is sound, so its offsets and the answer's end cannot both be: either is damage.
        new Lie("back", r -> r.setNextOffset(5), right).toldAs("go to 11, its end is 5"),
        new Lie("nowhere", r -> r.setNextOffset(-1), right).toldAs("go to 11, its end is -1"),
        new Lie("a longer share than there is", r -> r.setSize(1_000_000), right),
        new Lie("a negative share", r -> r.setSize(-1), right),
        new Lie("a shorter share than there is", r -> r.setSize(5), right),
        new Lie("an old leader", r -> r.setLeaderEpoch(0).setNextOffset(11), right));
  }

  @ParameterizedTest
  @MethodSource("lies")
  @DisplayName("B95: an answer that cannot be right is not used, and the position stays")
  void b95_lies(Lie lie) {
    for (int i = 0; i < 11; i++) {
      log.append(Batches.of("v" + i), 1, 0);
    }
    consumer.client().seek(P0, 10);
    world.broker(1).script(Scripts.times(3, fetch(lie.change(), Batches.bytes(lie.payload()))));
    List<String> told = new ArrayList<>();
    world.await(
        "the right record",
        () -> {
          try {
            consumer.poll();
          } catch (CorruptRecordException e) {
            told.add(e.getMessage());
          }
          if (consumer.records().isEmpty()) {
            assertThat(consumer.client().position(P0)).isEqualTo(10);
          }
          return !consumer.records().isEmpty();
        });
    if (lie.told().isEmpty()) {
      assertThat(told).isEmpty();
    } else {
      assertThat(told).isNotEmpty().allSatisfy(why -> assertThat(why).contains(lie.told()));
    }
    assertThat(consumer.values()).containsExactly("v10");
    assertThat(consumer.client().position(P0)).isEqualTo(11);
    assertThat(world.network().outstandingBuffers()).isZero();
  }

  @Test
  @DisplayName("B95: what is not committed is not delivered")
  void b95_aboveTheHighWatermark() {
    log.append(Batches.of("a"), 1, 0);
    consumer.awaitRecords(1);
    byte[] above = Batches.bytes(stamped(100, 1, "lie"));
    world.broker(1).script(Scripts.times(1, fetch(r -> r.setNextOffset(101), above)));
    consumer.pollFor(Duration.ofSeconds(2));
    assertThat(consumer.records()).hasSize(1);
    assertThat(consumer.client().position(P0)).isEqualTo(1);
    log.append(Batches.of("b"), 1, 0);
    world.broker(1).wakeWaiting();
    consumer.awaitRecords(2);
    assertThat(consumer.values()).containsExactly("a", "b");
  }

  @Test
  @DisplayName("B95: a partition answered twice")
  void b95_twice() {
    log.append(Batches.of("v0"), 1, 0);
    byte[] lie = Batches.bytes(stamped(0, 1, "lie"));
    world
        .broker(1)
        .script(
            Scripts.times(
                2,
                Scripts.on(
                    Request.ApiCase.FETCH,
                    request -> {
                      FetchPartition asked = request.head().getFetch().getPartitions(0);
                      FetchResult result =
                          FetchResult.newBuilder()
                              .setTopicId(asked.getTopicId())
                              .setPartition(asked.getPartition())
                              .setLeaderEpoch(asked.getLeaderEpoch())
                              .setHighWatermark(1)
                              .setSize(lie.length)
                              .setNextOffset(1)
                              .build();
                      request.answer(
                          Response.newBuilder()
                              .setFetch(
                                  FetchResponse.newBuilder().addResults(result).addResults(result)),
                          List.of(
                              new Payload.Bytes(ByteBuffer.wrap(lie)),
                              new Payload.Bytes(ByteBuffer.wrap(lie))));
                      return true;
                    })));
    consumer.awaitRecords(1);
    assertThat(consumer.values()).containsExactly("v0");
  }

  @Test
  @DisplayName("B95: gaps are what compaction leaves, and are moved over")
  void b95_gapsAreNoDamage() {
    log.append(Batches.of("a"), 1, 0);
    byte[] far = Batches.bytes(stamped(40, 1, "b"));
    log.appendRaw(40, 41, far);
    consumer.awaitRecords(2);
    assertThat(consumer.records()).extracting(ConsumerRecord::offset).containsExactly(0L, 40L);
  }

  @Test
  void aMissingResultIsAskedForAgain() {
    log.append(Batches.of("a"), 1, 0);
    world
        .broker(1)
        .script(
            Scripts.times(
                1,
                Scripts.on(
                    Request.ApiCase.FETCH,
                    request -> {
                      request.answer(
                          Response.newBuilder().setFetch(FetchResponse.getDefaultInstance()),
                          List.of());
                      return true;
                    })));
    consumer.awaitRecords(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {
        "NOT_LEADER",
        "FENCED_EPOCH",
        "UNKNOWN_EPOCH",
        "OFFSET_NOT_AVAILABLE",
        "BUSY",
        "STOPPING",
        "UNAVAILABLE",
        "INTERNAL",
        "STORAGE_FAILED",
        "UNKNOWN_TOPIC"
      })
  void asksAgainAfterWhatMayPass(ErrorCode code) {
    log.append(Batches.of("a"), 1, 0);
    world
        .broker(1)
        .script(
            Scripts.times(
                3,
                fetch(
                    result ->
                        result
                            .setSize(0)
                            .setError(Error.newBuilder().setCode(code).setMessage("scripted")),
                    new byte[0])));
    consumer.awaitRecords(1);
    assertThat(world.scheduler().nanoTime())
        .as("after pauses")
        .isGreaterThan(Duration.ofMillis(70).toNanos());
  }

  @Test
  void whatNeverPassesIsThrown() {
    world
        .broker(1)
        .script(Scripts.on(Request.ApiCase.FETCH, Scripts.refuse(ErrorCode.NOT_AUTHORISED)));
    assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(1)))
        .isInstanceOf(NotAuthorisedException.class)
        .hasMessageContaining("notes/0");
  }

  @Test
  void aSilentBrokerIsLeftAfterTheRequestTimeOut() {
    log.append(Batches.of("a"), 1, 0);
    world.broker(1).script(Scripts.times(1, Scripts.on(Request.ApiCase.FETCH, Scripts.silent())));
    consumer.pollFor(Duration.ofSeconds(29));
    assertThat(consumer.records()).isEmpty();
    consumer.awaitRecords(1);
    assertThat(world.broker(1).greetings()).as("on a new connection").isEqualTo(2);
  }

  @Test
  void recordsThatWereCutOffTheLogAreNotSilentlyReplaced() {
    for (int i = 0; i < 5; i++) {
      log.append(Batches.of("v" + i), 1, 0);
    }
    consumer.awaitRecords(5);
    world
        .broker(1)
        .script(
            Scripts.times(
                1,
                fetch(
                    result ->
                        result
                            .setSize(0)
                            .setDivergence(
                                io.millrace.wire.v1.Divergence.newBuilder()
                                    .setEpoch(1)
                                    .setEndOffset(3)),
                    new byte[0])));
    world.broker(1).wakeWaiting();
    log.cut(3);
    LogTruncatedException e =
        catchThrowableOfType(
            LogTruncatedException.class, () -> consumer.pollFor(Duration.ofSeconds(2)));
    assertThat(e.offset()).isEqualTo(5);
    assertThat(e.truncatedAt()).isEqualTo(3);
    assertThat(consumer.client().position(P0)).as("not moved").isEqualTo(5);
    consumer.client().seek(P0, e.truncatedAt());
    log.append(Batches.of("new"), 1, 0);
    world.broker(1).wakeWaiting();
    consumer.awaitRecords(6);
    assertThat(consumer.values().get(5)).isEqualTo("new");
    assertThat(consumer.records().get(5).offset()).isEqualTo(3);
  }
}
