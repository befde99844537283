/**
 * The load generator: {@code bench produce|consume|latency|probe|group|check}.
 *
 * <p>It measures the client library as an application would use it, and must cost little beside it:
 * a record costs one small object and two looks at the clock. Latencies count from the time a
 * record was <em>meant</em> to be sent, so that a stall is seen in every record it held up. Every
 * command but {@code probe} prints one line of JSON on the output; what people like to see goes to
 * the error stream. A ledger ({@link io.millrace.cli.bench.LedgerWriter}) keeps what was sent and
 * what became of it outside this process; {@code check} compares it with the topic. What the
 * figures mean stands in {@code BENCH.md}.
 *
 * <p>The main thread sends and consumes; the producer's own thread counts what becomes of records;
 * workers write the ledger and the lines of a probe.
 */
@NullMarked
package io.millrace.cli.bench;

import org.jspecify.annotations.NullMarked;
