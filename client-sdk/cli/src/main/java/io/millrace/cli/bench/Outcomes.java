package io.millrace.cli.bench;

import io.millrace.cli.FailureReport;
import io.millrace.cli.JsonText;
import io.millrace.client.Acknowledgement;
import io.millrace.client.Callback;
import io.millrace.client.RecordMetadata;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Clock;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Counts what becomes of records and how long it took. Acknowledgements come on the producer's own
 * thread alone; failures there or on the thread that sends.
 */
final class Outcomes {
  private final Clock clock;
  private final Latencies latencies = new Latencies();
  private final long firstCounted;

  // The producer's own thread.
  private @Nullable Acknowledgement lastAcknowledgement;
  private long lastNanos;

  /** Written by the producer's own thread alone. */
  private final AtomicLong acknowledged = new AtomicLong();

  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong unknown = new AtomicLong();
  private final AtomicReference<@Nullable String> firstError = new AtomicReference<>();

  /**
   * @param firstCounted the number of the first record whose latency counts
   */
  Outcomes(Clock clock, long firstCounted) {
    this.clock = clock;
    this.firstCounted = firstCounted;
  }

  /** To be told of the end of one record. */
  Callback callback(long number, long dueNanos, @Nullable LedgerWriter ledger) {
    if (ledger == null) {
      return number < firstCounted ? new Timed(Long.MIN_VALUE) : new Timed(dueNanos);
    }
    return new Recorded(
        new Timed(number < firstCounted ? Long.MIN_VALUE : dueNanos), number, ledger);
  }

  /** The one object a record costs. */
  private final class Timed implements Callback {
    private final long dueNanos;

    Timed(long dueNanos) {
      this.dueNanos = dueNanos;
    }

    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable MillraceException error) {
      if (metadata == null) {
        failed(error);
        return;
      }
      long now = acknowledgedAt(metadata.acknowledgement());
      if (dueNanos != Long.MIN_VALUE) {
        latencies.record(now - dueNanos);
      }
      acknowledged.lazySet(acknowledged.getPlain() + 1);
    }
  }

  private record Recorded(Timed timed, long number, LedgerWriter ledger) implements Callback {
    @Override
    public void onCompletion(@Nullable RecordMetadata metadata, @Nullable MillraceException error) {
      ledger.ended(number, metadata, error);
      timed.onCompletion(metadata, error);
    }
  }

  /** The records of a batch end together: one look at the clock serves them all. */
  @SuppressWarnings("ReferenceEquality") // a batch is known by its own object
  private long acknowledgedAt(Acknowledgement acknowledgement) {
    if (acknowledgement != lastAcknowledgement
        || acknowledgement == Acknowledgement.NOT_ASKED_FOR) {
      lastAcknowledgement = acknowledgement;
      lastNanos = clock.nanoTime();
    }
    return lastNanos;
  }

  private void failed(@Nullable MillraceException error) {
    if (error == null) {
      throw new IllegalStateException("a record ended neither well nor badly");
    }
    (error instanceof OutcomeUnknownException ? unknown : failed).incrementAndGet();
    if (firstError.get() == null) {
      firstError.compareAndSet(null, FailureReport.of(error).line());
    }
  }

  long acknowledged() {
    return acknowledged.get();
  }

  /** Failed or unknown. */
  long errors() {
    return failed.get() + unknown.get();
  }

  /** What went wrong first; null: nothing. */
  @Nullable String firstError() {
    return firstError.get();
  }

  /** When all records have ended. */
  Latencies latencies() {
    return latencies;
  }

  void json(JsonText json) {
    json.field("errors", errors()).field("acknowledged", acknowledged());
    json.field("failed", failed.get()).field("unknown", unknown.get());
    String first = firstError.get();
    if (first == null) {
      json.name("first_error").nullValue();
    } else {
      json.field("first_error", first);
    }
  }
}
