/**
 * What can go wrong, in three families under one root: {@link
 * io.millrace.client.errors.RetriableException} (nothing happened, try again later), {@link
 * io.millrace.client.errors.FatalException} (nothing happened, and the same call will fail again)
 * and {@link io.millrace.client.errors.OutcomeUnknownException} (it may have happened, or may
 * still).
 *
 * <p>Wrong use of the API itself is told by Java's own exceptions: {@link
 * java.lang.IllegalArgumentException}, {@link java.lang.IllegalStateException}, {@link
 * java.util.ConcurrentModificationException}. Depends on nothing.
 */
@NullMarked
package io.millrace.client.errors;

import org.jspecify.annotations.NullMarked;
