/**
 * Finds what a history of clients' operations says against the broker: records lost, doubled, moved
 * or torn, and answers that contradict each other.
 *
 * <p>Shares no code with broker or client, so that a mistake there cannot hide itself here; depends
 * on the JDK only. Nothing here has a thread or state of its own: histories in, anomalies out.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.checker;
