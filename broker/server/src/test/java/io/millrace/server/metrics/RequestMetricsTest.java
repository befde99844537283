package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Counting;
import com.sun.management.ThreadMXBean;
import io.millrace.rpc.RequestPhases;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request.ApiCase;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RequestMetricsTest {
  private static final long MILLI = 1_000_000;

  private final SeriesRegistry registry = new SeriesRegistry(Clock.defaultClock());
  private final RequestMetrics metrics = new RequestMetrics(registry);

  /** Queued 1 ms, handled 2 ms, sent in 3 ms. */
  private record Finished(ApiCase api, RequestPhases.Outcome outcome, ErrorCode error)
      implements RequestPhases.Finished {
    @Override
    public long sizeBytes() {
      return 100;
    }

    @Override
    public long answerSizeBytes() {
      return 50;
    }

    @Override
    public long arrivedNanos() {
      return 5;
    }

    @Override
    public long startedNanos() {
      return 5 + MILLI;
    }

    @Override
    public long answeredNanos() {
      return 5 + 3 * MILLI;
    }

    @Override
    public long writtenNanos() {
      return 5 + 6 * MILLI;
    }
  }

  private long errors(String api, String code) {
    String name = "millrace_request_errors_total{api=" + api + ",code=" + code + "}";
    return ((Counting) Objects.requireNonNull(registry.find(name), name).source()).getCount();
  }

  private static Finished good(ApiCase api) {
    return new Finished(api, RequestPhases.Outcome.ANSWERED, ErrorCode.ERROR_CODE_UNSPECIFIED);
  }

  private double seconds(BrokerMetric metric, String... labels) {
    return registry.timer(metric, labels).reservoir().totals(new long[] {MILLI}).sumSeconds();
  }

  @Test
  void eachPhaseHasItsTime() {
    RequestPhases loop = metrics.newLoop();
    RequestPhases other = metrics.newLoop();
    loop.finished(good(ApiCase.PRODUCE));
    other.finished(good(ApiCase.PRODUCE));
    assertThat(seconds(BrokerMetric.REQUEST_SECONDS, "produce")).isEqualTo(0.012);
    assertThat(seconds(BrokerMetric.REQUEST_PHASE_SECONDS, "produce", "queue")).isEqualTo(0.002);
    assertThat(seconds(BrokerMetric.REQUEST_PHASE_SECONDS, "produce", "handle")).isEqualTo(0.004);
    assertThat(seconds(BrokerMetric.REQUEST_PHASE_SECONDS, "produce", "write")).isEqualTo(0.006);
  }

  @Test
  void errorsOfAllLoopsAreAddedUpByApiAndCode() {
    RequestPhases loop = metrics.newLoop();
    RequestPhases other = metrics.newLoop();
    Finished busy = new Finished(ApiCase.FETCH, RequestPhases.Outcome.ANSWERED, ErrorCode.BUSY);
    loop.finished(busy);
    other.finished(busy);
    metrics.refreshed();
    assertThat(errors("fetch", "busy")).isEqualTo(2);
    loop.finished(busy);
    metrics.refreshed();
    assertThat(errors("fetch", "busy")).isEqualTo(3);
    assertThat(registry.find("millrace_request_errors_total{api=fetch,code=internal}")).isNull();
  }

  @Test
  void anAnswerThatNobodyWasThereForHasNoTime() {
    RequestPhases loop = metrics.newLoop();
    loop.finished(
        new Finished(ApiCase.FETCH, RequestPhases.Outcome.LOST, ErrorCode.ERROR_CODE_UNSPECIFIED));
    assertThat(registry.timer(BrokerMetric.REQUEST_SECONDS, "fetch").getCount()).isZero();
  }

  @Test
  void countingARequestAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    RequestPhases loop = metrics.newLoop();
    Finished request = good(ApiCase.PRODUCE);
    for (int i = 0; i < 1_000; i++) {
      loop.finished(request);
    }
    int count = 100_000;
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < count; i++) {
      loop.finished(request);
    }
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(bytes).isLessThan(count / 10L);
  }
}
