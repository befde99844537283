package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.BatchView;
import io.millrace.wire.Compressions;
import io.millrace.wire.v1.Divergence;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What of a fetch answer may be delivered. */
class AnswerRulesTest {
  private static final int EPOCH = 5;

  private final AnswerRules rules = new AnswerRules();

  private static ByteBuffer batch(long offset, int epoch, String... values) {
    ByteBuffer bytes = ConsumerWorld.batch(Compressions.NONE, values);
    byte[] own = new byte[bytes.remaining()];
    bytes.get(own);
    ByteBuffer batch = ByteBuffer.wrap(own);
    new BatchView().wrap(batch, 0).stamp(offset, epoch, 0);
    return batch;
  }

  private static ByteBuffer share(ByteBuffer... batches) {
    ByteBuffer all = ByteBuffer.allocate(1 << 16);
    for (ByteBuffer each : batches) {
      all.put(each.duplicate());
    }
    return all.flip();
  }

  private static FetchResult.Builder result(long highWatermark, long next) {
    return FetchResult.newBuilder()
        .setHighWatermark(highWatermark)
        .setLeaderEpoch(EPOCH)
        .setNextOffset(next);
  }

  private FetchAnswer judge(long asked, FetchResult.Builder result, ByteBuffer share) {
    return rules.judge(asked, EPOCH, result.build(), share);
  }

  private FetchAnswer.Served served(long asked, FetchResult.Builder result, ByteBuffer share) {
    return (FetchAnswer.Served) judge(asked, result, share);
  }

  @Test
  void takesBatchesThatFollowEachOtherAndBeginBeforeTheOffset() {
    ByteBuffer share = share(batch(10, 4, "a", "b"), batch(15, 5, "c"));

    assertThat(judge(11, result(20, 16), share))
        .isEqualTo(new FetchAnswer.Served(share.limit(), 16, 5, null, false));
  }

  @Test
  void goesOnBehindOffsetsThatHoldNothing() {
    assertThat(served(10, result(20, 18), share()).nextOffset()).isEqualTo(18);
    assertThat(served(10, result(20, 19), share(batch(10, 5, "a"))).nextOffset()).isEqualTo(19);
  }

  @Test
  void b95_doesNotGoBackNorBeyondWhatIsCommitted() {
    assertThat(served(10, result(20, 3), share()).nextOffset()).isEqualTo(10);
    assertThat(judge(10, result(20, 21), share())).isInstanceOf(FetchAnswer.Ignored.class);
    // A leader that has just been elected does not know yet that this is committed.
    assertThat(served(22, result(20, 22), share()).nextOffset()).isEqualTo(22);
  }

  @Test
  void b95_deliversNothingBelowTheOffsetAskedFor() {
    FetchAnswer.Served answer = served(10, result(20, 12), share(batch(8, 5, "a", "b")));

    assertThat(answer.goodBytes()).isZero();
    assertThat(answer.nextOffset()).isEqualTo(10);
    assertThat(answer.damage()).isNotNull();
  }

  @Test
  void b95_stopsBeforeABatchThatGoesBack() {
    ByteBuffer good = batch(10, 5, "a", "b");
    FetchAnswer.Served answer = served(10, result(20, 13), share(good, batch(11, 5, "c")));

    assertThat(answer.goodBytes()).isEqualTo(good.limit());
    assertThat(answer.nextOffset()).isEqualTo(12);
    assertThat(answer.damage()).isNotNull();
  }

  @Test
  void b95_withholdsWhatIsNotBelowTheHighWatermark() {
    ByteBuffer good = batch(10, 5, "a", "b");
    FetchAnswer.Served answer = served(10, result(13, 14), share(good, batch(12, 5, "c", "d")));

    assertThat(answer).isEqualTo(new FetchAnswer.Served(good.limit(), 12, 5, null, true));
  }

  @Test
  void b95_doesNotWaitForADamagedBatchToBeCommitted() {
    ByteBuffer damaged = batch(10, 5, "a", "b");
    damaged.put(damaged.limit() - 1, (byte) ~damaged.get(damaged.limit() - 1));

    assertThat(served(10, result(11, 11), share(damaged)).damage()).isNotNull();
  }

  @Test
  void b95_stopsBeforeWhatIsNoWholeBatch() {
    ByteBuffer good = batch(10, 5, "a");
    for (int left = 1; left < good.limit(); left++) {
      ByteBuffer cut = batch(11, 5, "b").limit(left);
      FetchAnswer.Served answer = served(10, result(20, 12), share(good, cut));

      assertThat(answer.goodBytes()).isEqualTo(good.limit());
      assertThat(answer.damage())
          .isNotNull()
          .extracting(FetchAnswer.Damage::nextOffset)
          .isEqualTo(12L);
    }
  }

  @Test
  void b95_doesNotBelieveALastBatchThatEndsBehindTheAnswersEnd() {
    ByteBuffer good = batch(10, 5, "a");
    FetchAnswer.Served answer = served(10, result(40, 12), share(good, batch(30, 5, "b")));

    assertThat(answer.goodBytes()).isEqualTo(good.limit());
    assertThat(answer.nextOffset()).isEqualTo(11);
    assertThat(answer.damage()).isNotNull();
  }

  @Test
  void b95_doesNotBelieveEpochsThatFallOrAreAboveTheLeaders() {
    assertThat(served(10, result(20, 11), share(batch(10, 6, "a"))).damage()).isNotNull();
    ByteBuffer falling = share(batch(10, 5, "a"), batch(11, 4, "b"));
    assertThat(served(10, result(20, 12), falling).damage()).isNotNull();
  }

  @Test
  void b94_i15_ignoresALeaderOfThePast() {
    FetchResult.Builder old = result(20, 11).setLeaderEpoch(EPOCH - 1);

    assertThat(judge(10, old, share(batch(10, 4, "a")))).isInstanceOf(FetchAnswer.Ignored.class);
    assertThat(judge(10, old.setDivergence(Divergence.newBuilder().setEndOffset(1)), share()))
        .isInstanceOf(FetchAnswer.Ignored.class);
  }

  @Test
  void tellsWhereTheLogWasTruncated() {
    Divergence.Builder parts = Divergence.newBuilder().setEpoch(4).setEndOffset(7);

    assertThat(judge(10, result(20, 10).setDivergence(parts), share()))
        .isEqualTo(new FetchAnswer.Truncated(7));
    assertThat(judge(10, result(20, 10).setDivergence(parts.setEndOffset(11)), share()))
        .isInstanceOf(FetchAnswer.Ignored.class);
  }

  @Test
  void tellsOutOfRangeFromOtherErrors() {
    Error range = Error.newBuilder().setCode(ErrorCode.OFFSET_OUT_OF_RANGE).build();
    Error other = Error.newBuilder().setCode(ErrorCode.NOT_LEADER).build();

    assertThat(judge(10, result(20, 0).setStartOffset(12).setError(range), share()))
        .isEqualTo(new FetchAnswer.OutOfRange(12, 20));
    assertThat(judge(10, result(20, 0).setError(other), share()))
        .isEqualTo(new FetchAnswer.Refused(other));
  }
}
