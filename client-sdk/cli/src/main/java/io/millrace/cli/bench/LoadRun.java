package io.millrace.cli.bench;

import io.millrace.cli.ExitCode;
import io.millrace.cli.ProgressLine;
import io.millrace.cli.Surroundings;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.errors.ClosedException;
import io.millrace.rpc.Clock;
import io.millrace.wire.RecordHeader;
import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Sends records on a schedule, on the main thread; shows a person how it goes. */
final class LoadRun {
  /**
   * Where to stop, whichever comes first.
   *
   * @param nanos since the start
   */
  record Limits(long records, long nanos) {}

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final @Nullable LedgerWriter ledger;
  private final Clock clock;
  private final ProgressLine progress;
  private final Throughput throughput = new Throughput();
  private final Outcomes outcomes;

  private long sent;
  private long sentBytes;
  private long startNanos;
  private long nanos;

  /**
   * @param firstCounted the number of the first record whose latency counts
   */
  LoadRun(
      Surroundings surroundings,
      Producer<byte[], byte[]> producer,
      String topic,
      @Nullable LedgerWriter ledger,
      long firstCounted) {
    this.producer = producer;
    this.topic = topic;
    this.ledger = ledger;
    this.clock = surroundings.clock();
    this.progress = new ProgressLine(surroundings);
    this.outcomes = new Outcomes(clock, firstCounted);
  }

  /** Makes the value of the next record. */
  interface Values {
    byte[] next(long dueNanos);
  }

  /** Sends a record and waits for whatever it is about. */
  interface Step {
    void run(long number, long dueNanos) throws IOException, InterruptedException;
  }

  /** Returns when every record has ended, or the run was interrupted and its producer closed. */
  void send(Values values, double rate, Limits limits, BooleanSupplier interrupted)
      throws IOException, InterruptedException {
    Schedule schedule = new Schedule(clock, rate);
    startNanos = schedule.startNanos();
    try {
      while (sent < limits.records() && !interrupted.getAsBoolean()) {
        long due = schedule.dueNanos(sent);
        if (due - startNanos >= limits.nanos()) {
          break;
        }
        if (rate <= 0 || schedule.awaitOnce(due)) {
          send(values.next(due), due);
        }
        look(due, limits.records());
      }
      producer.flush();
    } catch (ClosedException e) {
      if (!interrupted.getAsBoolean()) {
        throw e;
      }
    }
    finish(interrupted.getAsBoolean());
  }

  /** As {@link #send(Values, double, Limits, BooleanSupplier)}, each record when its step comes. */
  void oneByOne(long records, BooleanSupplier interrupted, Step step)
      throws IOException, InterruptedException {
    startNanos = clock.nanoTime();
    try {
      while (sent < records && !interrupted.getAsBoolean()) {
        long due = clock.nanoTime();
        step.run(sent, due);
        look(due, records);
      }
      producer.flush();
    } catch (ClosedException e) {
      if (!interrupted.getAsBoolean()) {
        throw e;
      }
    }
    finish(interrupted.getAsBoolean());
  }

  /** The run has ended, well or by an interrupt. */
  void finish(boolean interrupted) {
    if (interrupted) {
      producer.close(); // waits for the end of the close that the interrupt began
    }
    nanos = clock.nanoTime() - startNanos;
  }

  /** For a person: how it went. */
  void show(Latencies latencies) {
    progress.end(throughput.chart(nanos, outcomes.acknowledged()) + latencies.chart("latency"));
  }

  /**
   * @param dueNanos when it was meant to be sent
   */
  void send(byte[] value, long dueNanos) throws IOException, InterruptedException {
    long number = sent;
    List<RecordHeader> headers = List.of();
    if (ledger != null) {
      headers = ledger.header(number);
      ledger.sending(number);
    }
    producer.send(
        new ProducerRecord<>(topic, null, null, null, value, headers),
        outcomes.callback(number, dueNanos, ledger));
    sent = number + 1;
    sentBytes += value.length;
  }

  private void look(long nowNanos, long records) {
    if (progress.isShown()) {
      long sinceStartNanos = nowNanos - startNanos;
      throughput.look(sinceStartNanos, outcomes.acknowledged());
      long total = records == Long.MAX_VALUE ? 0 : records;
      progress.look(sinceStartNanos, outcomes.acknowledged(), total);
    }
  }

  ExitCode exitCode(boolean interrupted) {
    if (interrupted) {
      return ExitCode.INTERRUPTED;
    }
    return outcomes.errors() == 0 ? ExitCode.DONE : ExitCode.FAILED;
  }

  long sent() {
    return sent;
  }

  long sentBytes() {
    return sentBytes;
  }

  /** From the first record's turn to the end of the last. */
  long nanos() {
    return nanos;
  }

  Outcomes outcomes() {
    return outcomes;
  }
}
