/**
 * Numbers that nobody has had before: the ids of producers.
 *
 * <p>{@link io.millrace.coordination.ids.ProducerIds} takes them from {@code /producer-ids} in
 * blocks. May be called from any thread; everything runs and completes on the store's loop.
 */
@NullMarked
package io.millrace.coordination.ids;

import org.jspecify.annotations.NullMarked;
