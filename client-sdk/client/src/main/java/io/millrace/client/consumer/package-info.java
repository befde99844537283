/**
 * The engine behind the consumer. Not part of the API.
 *
 * <p>Two threads meet here. The client's loop owns the fetching: {@link
 * io.millrace.client.consumer.FetchEngine} and what stands around it keeps one fetch under way to
 * each leader, checks the answers by {@link io.millrace.client.consumer.AnswerRules} and leaves
 * what is good in the {@link io.millrace.client.consumer.Handover}. The thread that polls owns the
 * positions and decodes: {@link io.millrace.client.consumer.Assignment} and {@link
 * io.millrace.client.consumer.RecordReader}. It tells the loop what to read by {@link
 * io.millrace.client.consumer.ReadRun}s, one for each position that was sought; what comes for a
 * run that has been replaced is given back unread.
 *
 * <p>Nothing on the loop waits. The polling thread waits through {@link
 * io.millrace.client.consumer.PollWait}, so that a simulation can run both on one thread.
 *
 * <p>Uses {@code io.millrace.client.cluster} for leaders, connections and offset lookups.
 */
@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
