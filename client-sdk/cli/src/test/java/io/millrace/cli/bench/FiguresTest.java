package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cli.JsonText;
import io.millrace.client.Acknowledgement;
import io.millrace.client.Callback;
import io.millrace.client.Durability;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Clock;
import org.junit.jupiter.api.Test;

/** What the figures are made of. */
class FiguresTest {
  private static final RecordMetadata WRITTEN =
      new RecordMetadata(
          new TopicPartition("t", 0), 1, 1, new Acknowledgement(Durability.LEADER, 1, 1, false, 1));

  /** A clock that stands still. */
  private static final class Stopped implements Clock {
    private long nanos;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public long wallMillis() {
      return 0;
    }
  }

  @Test
  void latencyCountsFromWhenARecordWasDueNotFromWhenItWasSent() {
    Stopped clock = new Stopped();
    Schedule schedule = new Schedule(clock, 1_000);
    assertThat(schedule.dueNanos(0)).isZero();
    assertThat(schedule.dueNanos(500)).isEqualTo(500_000_000);
    Outcomes outcomes = new Outcomes(clock, 0);
    // A stall of a second: record 500 is sent when the stall is over, and was due in its middle.
    clock.nanos = 1_000_000_000;
    assertThat(schedule.awaitOnce(schedule.dueNanos(500))).isTrue();
    Callback callback = outcomes.callback(500, schedule.dueNanos(500), null);
    callback.onCompletion(WRITTEN, null);
    assertThat(json(outcomes.latencies())).contains("\"count\":1,", "\"max\":500.");
  }

  @Test
  void aScheduleWithoutARateMakesRecordsDueWhenTheirTurnComes() {
    Stopped clock = new Stopped();
    Schedule schedule = new Schedule(clock, 0);
    clock.nanos = 77;
    assertThat(schedule.dueNanos(500)).isEqualTo(77);
    assertThat(new Schedule(clock, 10).awaitOnce(78)).as("one short pause").isFalse();
  }

  @Test
  void recordsOfTheWarmUpCountAsAcknowledgedButNotTheirLatency() {
    Outcomes outcomes = new Outcomes(new Stopped(), 2);
    for (int number = 0; number < 3; number++) {
      outcomes.callback(number, 0, null).onCompletion(WRITTEN, null);
    }
    outcomes.callback(3, 0, null).onCompletion(null, new OutcomeUnknownException("lost"));
    assertThat(outcomes.acknowledged()).isEqualTo(3);
    assertThat(outcomes.latencies().count()).isEqualTo(1);
    assertThat(outcomes.errors()).isEqualTo(1);
    assertThat(outcomes.firstError()).isEqualTo("lost");
  }

  @Test
  void latenciesGivePercentilesInMillisecondsAndTakeAnyNumber() {
    Latencies latencies = new Latencies();
    assertThat(json(latencies)).contains("\"count\":0,\"avg\":0.000,\"p50\":0.000");
    assertThat(latencies.chart("latency")).isEmpty();
    for (int i = 1; i <= 1000; i++) {
      latencies.record(i * 1_000_000L);
    }
    latencies.record(-5);
    latencies.record(Long.MAX_VALUE);
    assertThat(json(latencies))
        .containsPattern("\"p50\":500\\.")
        .containsPattern("\"p99\":99[01]\\.")
        .containsPattern("\"max\":36[0-9]{5}\\.");
    assertThat(latencies.chart("latency"))
        .startsWith("latency: p50 500 ms, p90 ")
        .contains("  < 500 ms   ");
  }

  private static String json(Latencies latencies) {
    JsonText json = new JsonText().beginObject();
    latencies.json("latency_ms", json);
    return json.end().toString();
  }

  @Test
  void durationsHaveAUnitThatFits() {
    assertThat(Latencies.duration(85_000)).isEqualTo("85 us");
    assertThat(Latencies.duration(1_240_000)).isEqualTo("1.2 ms");
    assertThat(Latencies.duration(85_000_000)).isEqualTo("85 ms");
    assertThat(Latencies.duration(3_400_000_000L)).isEqualTo("3.4 s");
  }

  @Test
  void throughputOverTimeFitsAScreenHoweverLongTheRun() {
    Throughput throughput = new Throughput();
    long count = 0;
    for (long nanos = 0; nanos <= 3_600_000_000_000L; nanos += 50_000_000) {
      throughput.look(nanos, count);
      count += 50;
    }
    String chart = throughput.chart(3_600_000_000_000L, count);
    assertThat(chart.lines().count()).isBetween(10L, 22L);
    assertThat(chart).contains(" 1,000  #####");
    assertThat(new Throughput().chart(1_000, 1)).isEmpty();
  }
}
