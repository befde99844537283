package io.millrace.client.consumer;

import static io.millrace.client.consumer.ConsumerWorld.SECOND;
import static io.millrace.client.consumer.ConsumerWorld.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.errors.LogTruncatedException;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.wire.BatchView;
import io.millrace.wire.Compressions;
import io.millrace.wire.v1.Divergence;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that are not what they should be. */
class BrokenAnswersTest {
  private ConsumerWorld world;

  @BeforeEach
  void open() {
    world = new ConsumerWorld(11, 1);
    world.world().cluster().createTopic("t", 2);
    world.consumer().assign(List.of(at("t", 0)));
    world.consumer().seek(at("t", 0), 0);
  }

  @AfterEach
  void close() {
    world.close();
  }

  private static ByteBuffer batch(long offset, String... values) {
    ByteBuffer bytes = ConsumerWorld.batch(Compressions.NONE, values);
    byte[] own = new byte[bytes.remaining()];
    bytes.get(own);
    new BatchView().wrap(ByteBuffer.wrap(own), 0).stamp(offset, 1, 0);
    return ByteBuffer.wrap(own);
  }

  /** One bit of its records is wrong. */
  private static byte[] damaged(long offset, String... values) {
    ByteBuffer whole = batch(offset, values);
    byte[] bytes = new byte[whole.remaining()];
    whole.get(bytes);
    bytes[bytes.length - 1] ^= 1;
    return bytes;
  }

  /** One fetch is answered in this way; the rest as usual. */
  private AtomicInteger answerOnce(ByteBuffer payload, UnaryOperator<FetchResult.Builder> change) {
    AtomicInteger times = new AtomicInteger();
    world
        .world()
        .broker(1)
        .script(
            request -> {
              if (request.head().getApiCase() != Request.ApiCase.FETCH
                  || times.getAndIncrement() > 0) {
                return false;
              }
              answer(request, payload, change);
              return true;
            });
    return times;
  }

  /** The first time, and when the consumer says that it was damaged and asks for it again. */
  private void answerAndAgain(ByteBuffer payload, UnaryOperator<FetchResult.Builder> change) {
    AtomicInteger again = new AtomicInteger();
    answerOnce(payload, change);
    world
        .world()
        .broker(1)
        .script(
            request -> {
              if (request.head().getApiCase() != Request.ApiCase.FETCH
                  || !request.head().getFetch().getPartitions(0).hasDamagedOffset()
                  || again.getAndIncrement() > 0) {
                return false;
              }
              answer(request, payload, change);
              return true;
            });
  }

  private static void answer(
      InboundRequest request, ByteBuffer payload, UnaryOperator<FetchResult.Builder> change) {
    FetchPartition asked = request.head().getFetch().getPartitions(0);
    FetchResult.Builder result =
        FetchResult.newBuilder()
            .setTopicId(asked.getTopicId())
            .setPartition(asked.getPartition())
            .setHighWatermark(100)
            .setLeaderEpoch(1)
            .setSize(payload.remaining())
            .setNextOffset(1);
    request.answer(
        Response.newBuilder().setFetch(FetchResponse.newBuilder().addResults(change.apply(result))),
        List.of(new Payload.Bytes(payload.duplicate())));
  }

  private void readsOnAsIfNothingHadBeen() {
    world.append("t", 0, "a", "b");
    assertThat(world.readValues(2)).containsExactly("a", "b");
  }

  /** Its base offset, which no checksum covers, says that it is not committed: for ever. */
  @Test
  void b95_tellsOfRecordsThatNeverBecomeCommitted() {
    world
        .world()
        .broker(1)
        .script(
            request -> {
              if (request.head().getApiCase() != Request.ApiCase.FETCH) {
                return false;
              }
              answer(request, batch(50, "lost"), result -> result.setHighWatermark(1));
              return true;
            });
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> world.consumer().poll(SECOND.multipliedBy(60)))
          .isInstanceOfSatisfying(
              CorruptRecordException.class,
              e -> {
                assertThat(e.offset()).isZero();
                assertThat(e.nextOffset()).isEqualTo(1);
                assertThat(e).hasMessageContaining("not committed");
              });
    }
  }

  @Test
  void b95_discardsAnAnswerForAnotherPartition() {
    AtomicInteger fetches = answerOnce(batch(0, "wrong"), result -> result.setPartition(1));
    assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
    assertThat(fetches).hasValueGreaterThan(1);
    readsOnAsIfNothingHadBeen();
  }

  @Test
  void b95_discardsAnAnswerWhoseSharesDoNotAddUp() {
    ByteBuffer payload = batch(0, "wrong");
    answerOnce(payload, result -> result.setSize(payload.remaining() - 1));
    assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
    readsOnAsIfNothingHadBeen();
  }

  @Test
  void b95_discardsAnAnswerWithMoreResultsThanWereAskedFor() {
    world
        .world()
        .broker(1)
        .script(
            request -> {
              boolean first = world.world().broker(1).seen(Request.ApiCase.FETCH).size() == 1;
              if (request.head().getApiCase() == Request.ApiCase.FETCH && first) {
                request.answer(
                    Response.newBuilder().setFetch(FetchResponse.getDefaultInstance()), List.of());
                return true;
              }
              return false;
            });
    assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
    readsOnAsIfNothingHadBeen();
  }

  @Test
  void b95_neverDeliversADamagedBatchAndStaysBeforeIt() {
    // It is asked for once more, in case it was the way here that damaged it.
    answerAndAgain(ByteBuffer.wrap(damaged(0, "a", "b", "c")), result -> result.setNextOffset(3));

    CorruptRecordException e =
        catchThrowableOfType(CorruptRecordException.class, () -> world.consumer().poll(SECOND));

    assertThat(e.topic()).isEqualTo("t");
    assertThat(e.partition()).isZero();
    assertThat(e.offset()).isZero();
    assertThat(e.nextOffset()).isEqualTo(3);
    assertThat(e).hasMessageContaining("from broker 1");
    assertThat(world.consumer().position(at("t", 0))).isZero();
    readsOnAsIfNothingHadBeen();
  }

  /** Damage in a header, which is seen as the answer comes, and not when its records are read. */
  @Test
  void b95_asksOnceMoreForWhatIsNoBatchAndSaysSoToTheLeader() {
    world.append("t", 0, "a", "b");
    ByteBuffer good = batch(0, "a");
    ByteBuffer both = ByteBuffer.allocate(good.limit() + 3);
    both.put(good).put((byte) 0x77).put((byte) 2).put((byte) 1).flip();
    answerOnce(both, result -> result.setNextOffset(2));

    assertThat(world.readValues(2)).containsExactly("a", "b");

    List<Long> reported =
        world.world().broker(1).seen(Request.ApiCase.FETCH).stream()
            .map(fetch -> fetch.getFetch().getPartitions(0))
            .filter(FetchPartition::hasDamagedOffset)
            .map(FetchPartition::getDamagedOffset)
            .toList();
    assertThat(reported).containsExactly(1L);
  }

  @Test
  void b95_tellsOfWhatIsNoBatchTheSecondTimeToo() {
    answerAndAgain(ByteBuffer.wrap(new byte[] {0x77, 2, 1}), result -> result.setNextOffset(1));

    assertThatThrownBy(() -> world.consumer().poll(SECOND))
        .isInstanceOf(CorruptRecordException.class)
        .hasMessageContaining("no batch")
        .hasMessageContaining("from broker 1");
    readsOnAsIfNothingHadBeen();
  }

  @Test
  void b95_damageCanBeSoughtPast() {
    byte[] bytes = damaged(0, "a", "b");
    world.log("t", 0).appendRaw(0, 2, bytes);
    world.append("t", 0, "c");
    for (int i = 0; i < 3; i++) {
      CorruptRecordException e =
          catchThrowableOfType(CorruptRecordException.class, () -> world.consumer().poll(SECOND));
      assertThat(e.nextOffset()).isEqualTo(2);
    }
    world.consumer().seek(at("t", 0), 2);

    assertThat(world.readValues(1)).containsExactly("c");
  }

  @Test
  void b95_deliversWhatStandsBeforeTheDamageThenTells() {
    ByteBuffer good = batch(0, "a");
    byte[] bad = damaged(1, "b");
    ByteBuffer both = ByteBuffer.allocate(good.limit() + bad.length).put(good).put(bad).flip();
    answerAndAgain(both, result -> result.setNextOffset(2));

    ConsumerRecords<String, String> records = world.consumer().poll(SECOND);

    assertThat(records).extracting(ConsumerRecord::value).containsExactly("a");
    assertThatThrownBy(() -> world.consumer().poll(SECOND))
        .isInstanceOf(CorruptRecordException.class);
    assertThat(world.consumer().position(at("t", 0))).isEqualTo(1);
  }

  @Test
  void b95_neverDeliversOffsetsBelowTheRequest() {
    world.consumer().seek(at("t", 0), 5);
    answerAndAgain(batch(3, "x", "y"), result -> result.setNextOffset(6));

    assertThatThrownBy(() -> world.consumer().poll(SECOND))
        .isInstanceOf(CorruptRecordException.class);
    assertThat(world.consumer().position(at("t", 0))).isEqualTo(5);
  }

  @Test
  void b95_neverDeliversWhatIsAboveTheHighWatermark() {
    answerOnce(batch(0, "wrong"), result -> result.setHighWatermark(0));

    assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
    assertThat(world.consumer().position(at("t", 0))).isZero();
    readsOnAsIfNothingHadBeen();
  }

  @Test
  void b94_i15_ignoresALeaderEpochBelowTheOneSeen() {
    world.world().cluster().lead("t", 0, 1, true);
    answerOnce(batch(0, "wrong"), result -> result.setLeaderEpoch(1));

    assertThat(world.consumer().poll(SECOND).isEmpty()).isTrue();
    world.log("t", 0).append(batch(0, "a"), 2, 0);
    assertThat(world.readValues(1)).containsExactly("a");
  }

  @Test
  void neverGoesOnSilentlyBehindATruncation() {
    world.append("t", 0, "a", "b", "c");
    assertThat(world.readValues(3)).containsExactly("a", "b", "c");
    answerOnce(
        ByteBuffer.allocate(0),
        result -> result.setDivergence(Divergence.newBuilder().setEpoch(1).setEndOffset(1)));
    LogTruncatedException e =
        catchThrowableOfType(LogTruncatedException.class, () -> world.consumer().poll(SECOND));

    assertThat(e.truncatedAt()).isEqualTo(1);
    assertThat(e.offset()).isEqualTo(3);
    assertThat(world.consumer().position(at("t", 0))).isEqualTo(3);
  }

  @Test
  void carriesTheEpochOfTheRecordBeforeTheOffset() {
    world.append("t", 0, "a");
    world.readValues(1);
    world.world().runFor(SECOND);

    List<Request> fetches = world.world().broker(1).seen(Request.ApiCase.FETCH);
    assertThat(fetches.get(0).getFetch().getPartitions(0).hasLastEpoch()).isFalse();
    FetchPartition last = fetches.get(fetches.size() - 1).getFetch().getPartitions(0);
    assertThat(last.getLastEpoch()).isEqualTo(1);
    assertThat(last.getLeaderEpoch()).isEqualTo(1);
    assertThat(last.getFetchOffset()).isEqualTo(1);
  }

  @Test
  void b95_damageInOnePartitionDoesNotHideTheOthers() {
    byte[] bytes = damaged(0, "a");
    world.log("t", 0).appendRaw(0, 1, bytes);
    world.append("t", 1, "fine");
    world.consumer().assign(List.of(at("t", 0), at("t", 1)));
    world.consumer().seek(at("t", 1), 0);
    world.consumer().poll(Duration.ZERO);
    world.world().runFor(SECOND);

    assertThat(world.readValues(1)).containsExactly("fine");
    assertThatThrownBy(() -> world.consumer().poll(SECOND))
        .isInstanceOf(CorruptRecordException.class);
    world.append("t", 1, "still");
    assertThat(world.readValues(1)).containsExactly("still");
  }
}
