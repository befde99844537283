/**
 * What a broker tells about itself in numbers, and over HTTP.
 *
 * <p>{@link io.millrace.server.metrics.BrokerMetric} is the table of all there is; {@code
 * broker/METRICS.md} is written from it. Loops count in plain fields of their own ({@link
 * io.millrace.server.partition.Traffic}, {@link io.millrace.server.metrics.HdrReservoir.Writer});
 * nothing is shared, locked or allocated for a request. Whatever puts the numbers together runs on
 * the {@code metrics} worker, and asks each loop for its part by a message.
 *
 * <p>Out they go through Dropwizard's registry to JMX, and to Prometheus in its text format. Knows
 * the other parts of the broker by what they can be asked; decides nothing for them.
 */
@NullMarked
package io.millrace.server.metrics;

import org.jspecify.annotations.NullMarked;
