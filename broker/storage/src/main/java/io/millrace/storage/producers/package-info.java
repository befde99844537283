/**
 * What a partition remembers of its producers, so that a batch sent twice is appended once.
 *
 * <p>{@link io.millrace.storage.producers.ProducerTable} decides and remembers, in memory and
 * without a clock; it is a pure function of the batches in the log, and is made again from them.
 * {@link io.millrace.storage.producers.ProducersFile} spares reading all of the log for that. Owner
 * of a table: the loop of its log. May depend on batches and on the files seam; knows no segments,
 * no roles and no requests.
 */
@NullMarked
package io.millrace.storage.producers;

import org.jspecify.annotations.NullMarked;
