/**
 * The client of a Millrace cluster: {@link io.millrace.client.Producer}, {@link
 * io.millrace.client.Consumer} and {@link io.millrace.client.Admin}, {@link
 * io.millrace.client.ConsumerRunner} and {@link io.millrace.client.ConsumerPublisher} for whoever
 * would rather be called, their settings, plug points and values. This package and {@code errors}
 * are the API; the other packages below are not.
 *
 * <p>Each client runs one thread of its own, an event loop that owns its connections and everything
 * that waits for an answer; callbacks run there too. {@code CLIENTS.md} tells what is promised, and
 * what the settings mean.
 *
 * <p>Depends on {@code wire-format} and, for finding leaders, on the cluster images of {@code
 * coordination}.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
