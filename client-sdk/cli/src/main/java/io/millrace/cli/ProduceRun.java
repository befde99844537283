package io.millrace.cli;

import io.millrace.client.Callback;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Sends lines as records and counts what becomes of each. The main thread reads and sends, the
 * producer's own counts, and the thread of an interrupt may end it at any time.
 */
final class ProduceRun {
  private static final Duration CLOSE_TIMEOUT_AFTER_INTERRUPT = Duration.ofSeconds(5);

  /** So seldom that the clock costs nothing, so often that a slow input is shown in time. */
  private static final int RECORDS_BETWEEN_LOOKS_AT_THE_CLOCK = 256;

  private static final int FAILURES_TOLD = 3;

  private final Surroundings surroundings;
  private final Producer<byte[], byte[]> producer;
  private final boolean asksForAcknowledgement;
  private final long startNanos;
  private final ProgressLine progress;
  private final AtomicBoolean summed = new AtomicBoolean();

  // Written by the main thread.
  private volatile long sent;
  private volatile long sentBytes;

  // Written by the producer's own thread, or by the main thread inside send.
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong unknown = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  private final Callback callback = this::ended;

  /** The first few, guarded by itself. */
  private final List<String> failures = new ArrayList<>();

  /**
   * @param asksForAcknowledgement false at durability none, where success means only "sent"
   */
  ProduceRun(
      Surroundings surroundings,
      Producer<byte[], byte[]> producer,
      boolean asksForAcknowledgement) {
    this.surroundings = surroundings;
    this.producer = producer;
    this.asksForAcknowledgement = asksForAcknowledgement;
    this.startNanos = surroundings.clock().nanoTime();
    this.progress = new ProgressLine(surroundings);
  }

  /** On the main thread: to the end of the input, and until every record has ended. */
  ExitCode send(LineReader lines, LineRecords records) throws IOException {
    try (StallWatch watch = new StallWatch(surroundings, () -> sent, this::ended)) {
      return sendAll(lines, records);
    }
  }

  private ExitCode sendAll(LineReader lines, LineRecords records) throws IOException {
    try {
      while (lines.next()) {
        producer.send(counted(records.record(lines), lines.length()), callback);
        if (sent % RECORDS_BETWEEN_LOOKS_AT_THE_CLOCK == 0) {
          showProgress();
        }
      }
    } catch (ClosedException e) {
      if (surroundings.interrupts().interrupted()) {
        return ExitCode.INTERRUPTED; // stop() tells the rest
      }
      throw e;
    } catch (IOException e) {
      producer.flush();
      tellSummary();
      throw e;
    }
    producer.flush();
    return tellSummary();
  }

  /** On an interrupt's thread: what is queued still goes out, if it goes quickly. */
  void stop() {
    producer.close(CLOSE_TIMEOUT_AFTER_INTERRUPT);
    tellSummary();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private ProducerRecord<byte[], byte[]> counted(
      ProducerRecord<byte[], byte[]> record, int lengthBytes) {
    sent++;
    sentBytes += lengthBytes;
    return record;
  }

  private void ended(@Nullable RecordMetadata metadata, @Nullable MillraceException error) {
    if (error == null) {
      acknowledged.incrementAndGet();
      return;
    }
    (error instanceof OutcomeUnknownException ? unknown : failed).incrementAndGet();
    synchronized (failures) {
      if (failures.size() < FAILURES_TOLD) {
        failures.add(FailureReport.of(error).line());
      }
    }
  }

  private long ended() {
    return acknowledged.get() + failed.get() + unknown.get();
  }

  private void showProgress() {
    long sinceStart = surroundings.clock().nanoTime() - startNanos;
    // A person who types sees what is sent.
    if (!surroundings.terminals().input() && progress.isDue(sinceStart)) {
      progress.draw(sinceStart, rate(startNanos + sinceStart));
    }
  }

  private String rate(long nowNanos) {
    double seconds = Math.max(1, nowNanos - startNanos) / 1e9;
    return "sent %s (%s), %s/s, %s/s"
        .formatted(
            Printable.counted(sent, "record"),
            Printable.size((double) sentBytes),
            Printable.count(Math.round(sent / seconds)),
            Printable.size(sentBytes / seconds));
  }

  /** Once, whoever comes first. */
  private ExitCode tellSummary() {
    boolean allWell = failed.get() == 0 && unknown.get() == 0 && acknowledged.get() == sent;
    if (summed.compareAndSet(false, true)) {
      long now = surroundings.clock().nanoTime();
      String start = surroundings.terminals().error() ? "\r\u001b[K" : "";
      synchronized (failures) {
        failures.forEach(failure -> surroundings.error().println(start + "failed: " + failure));
      }
      surroundings.error().println(start + summary(now));
    }
    return allWell ? ExitCode.DONE : ExitCode.FAILED;
  }

  private String summary(long nowNanos) {
    StringBuilder line = new StringBuilder();
    line.append("sent ").append(Printable.counted(sent, "record"));
    line.append(" (").append(Printable.size((double) sentBytes)).append("), ");
    if (asksForAcknowledgement) {
      line.append(Printable.count(acknowledged.get())).append(" acknowledged");
    } else {
      line.append("no acknowledgement asked for");
    }
    if (failed.get() > 0) {
      line.append(", ").append(Printable.count(failed.get())).append(" FAILED");
    }
    if (unknown.get() > 0) {
      line.append(", ").append(Printable.count(unknown.get())).append(" UNKNOWN");
    }
    double seconds = Math.max(1, nowNanos - startNanos) / 1e9;
    return line.append(" in ")
        .append(Printable.seconds(nowNanos - startNanos))
        .append(": ")
        .append(Printable.count(Math.round(sent / seconds)))
        .append(" records/s, ")
        .append(Printable.size(sentBytes / seconds))
        .append("/s")
        .toString();
  }
}
