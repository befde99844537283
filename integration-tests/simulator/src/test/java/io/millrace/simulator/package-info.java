/**
 * The whole cluster in one thread and in virtual time: the product's brokers and clients over the
 * twins of the four seams, driven through schedules of faults that are drawn from a seed.
 *
 * <p>Equal seeds run equally. One world belongs to one thread; worlds share nothing, so that
 * several threads may each run their own.
 */
@NullMarked
package io.millrace.simulator;

import org.jspecify.annotations.NullMarked;
