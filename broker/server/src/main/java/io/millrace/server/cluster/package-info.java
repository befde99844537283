/**
 * What this broker makes of the cluster's image: a catalog to look things up in, and which
 * partitions it opens, leads and lets go.
 *
 * <p>A {@link io.millrace.server.cluster.Catalog} is an immutable value that any thread reads.
 */
@NullMarked
package io.millrace.server.cluster;

import org.jspecify.annotations.NullMarked;
