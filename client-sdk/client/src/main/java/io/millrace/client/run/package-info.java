/**
 * Reads for an application and calls it: a polling thread that owns the consumer ({@link
 * io.millrace.client.run.PollLoop}), and handler threads that work on the partitions' records
 * ({@link io.millrace.client.run.Dispatcher}), each partition on one of them at a time. What passes
 * between the two is a {@link io.millrace.client.run.Lane} for each partition. Not part of the API.
 */
@NullMarked
package io.millrace.client.run;

import org.jspecify.annotations.NullMarked;
