/**
 * Pictures of the cluster as the coordination store tells it: all that a client may import of this
 * module.
 *
 * <p>Images are immutable values; a newer one replaces an older one whole. A {@link
 * io.millrace.coordination.view.ClusterView} keeps one up to date from watches, on the store's
 * event loop, and may be read from any thread. A leader epoch in an image never goes back. What an
 * image says may be old: only the broker that answers knows whether it leads.
 */
@NullMarked
package io.millrace.coordination.view;

import org.jspecify.annotations.NullMarked;
