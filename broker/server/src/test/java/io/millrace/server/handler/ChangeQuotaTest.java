package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("B57: one client creating topics in a loop")
class ChangeQuotaTest {
  private static final Endpoint FROM = new Endpoint("10.0.0.1", 4711);
  private static final long SECOND = 1_000_000_000;

  private final SimulatedScheduler scheduler = new SimulatedScheduler(1);
  private final ChangeQuota quota =
      ChangeQuota.ofPartitions(10, new SimulatedTasks(scheduler).clock());

  private int takeUntilRefused() {
    int taken = 0;
    while (quota.take(FROM, 1).isEmpty()) {
      taken++;
    }
    return taken;
  }

  @Test
  void allowsAMinutesWorthAtOnceAndThenTheRate() {
    assertThat(takeUntilRefused()).isEqualTo(600);
    scheduler.runFor(2 * SECOND);
    assertThat(takeUntilRefused()).isBetween(19, 21);
  }

  @Test
  void saysWhatTheLimitIsAndWhenToComeBack() {
    takeUntilRefused();
    Optional<Refusal> refusal = quota.take(FROM, 1);
    assertThat(refusal).isPresent();
    assertThat(refusal.get().code()).isEqualTo(ErrorCode.BUSY);
    assertThat(refusal.get().message())
        .contains("10.0.0.1", "topic.changes.per.second=10", "nothing was done", "retry in 1 s");
  }

  @Test
  void aLargeTopicMayOverdrawOnceAndIsPaidForAfterwards() {
    assertThat(quota.take(FROM, 10_000)).isEmpty();
    assertThat(quota.take(FROM, 1)).isPresent();
    scheduler.runFor(900 * SECOND);
    assertThat(quota.take(FROM, 1)).isPresent();
    scheduler.runFor(100 * SECOND);
    assertThat(quota.take(FROM, 1)).isEmpty();
  }

  @Test
  void whatWasRefusedCostsNothingAndWhatMayHaveBeenDoneDoes() {
    assertThat(quota.take(FROM, 1_000_000)).isEmpty();
    quota.ended(FROM, 1_000_000, Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, "too many")));
    assertThat(quota.take(FROM, 10_000)).isEmpty();
    quota.ended(FROM, 10_000, Optional.of(new Refusal(ErrorCode.OUTCOME_UNKNOWN, "who knows")));
    assertThat(quota.take(FROM, 1)).isPresent();
  }

  @Test
  void anotherPortOfTheSameAddressIsTheSameClientAndAnotherAddressIsNot() {
    takeUntilRefused();
    assertThat(quota.take(new Endpoint("10.0.0.1", 4712), 1)).isPresent();
    assertThat(quota.take(new Endpoint("10.0.0.2", 4711), 1)).isEmpty();
  }
}
