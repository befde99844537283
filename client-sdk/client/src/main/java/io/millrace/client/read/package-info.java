/**
 * The engine behind the consumer. Not part of the API.
 *
 * <p>The client's loop owns the fetching: where each partition is to be fetched next, from whom,
 * and how much may be on its way. What it fetched goes through a {@link
 * io.millrace.client.read.FetchQueue} to the consumer's thread, which owns positions and records.
 * Each partition carries a version that changes with every seek, so that what was fetched before
 * one is known for old on both sides.
 *
 * <p>Uses {@code io.millrace.client.cluster} for leaders and connections; knows no deserializers.
 */
@NullMarked
package io.millrace.client.read;

import org.jspecify.annotations.NullMarked;
