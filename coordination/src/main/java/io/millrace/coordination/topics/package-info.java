/**
 * The life of topics: creation, deletion, and what is left over when either was interrupted.
 *
 * <p>{@link io.millrace.coordination.topics.TopicCreation} and {@link
 * io.millrace.coordination.topics.TopicDeletion} serve administrators' requests, {@link
 * io.millrace.coordination.topics.DeletionProgress} the brokers that give a deleted topic's data
 * up, {@link io.millrace.coordination.topics.TopicSweep} nobody in particular. {@link
 * io.millrace.coordination.topics.Placement} decides, without side effects, which brokers hold
 * what. Every answer is an alternative of a sealed outcome; a write whose outcome was unknown is
 * looked into before anything is said.
 *
 * <p>May be called from any thread; everything runs and completes on the store's loop. Settings are
 * checked by the caller, who knows what they mean.
 */
@NullMarked
package io.millrace.coordination.topics;

import org.jspecify.annotations.NullMarked;
