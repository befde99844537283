/**
 * A client's figures: who counts what is in {@code MetricName}, the counting in {@code Figures}.
 * Not part of the API, which shows them as {@link io.millrace.client.Metric}.
 *
 * <p>Counting is safe for any thread, does not wait, and is done for each request, batch or poll,
 * never for each record.
 */
@NullMarked
package io.millrace.client.metrics;

import org.jspecify.annotations.NullMarked;
