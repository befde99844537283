/**
 * The engine behind the producer. Not part of the API.
 *
 * <p>Two kinds of threads meet here. Callers of {@code send} encode into the open batch of a {@link
 * io.millrace.client.send.PartitionQueue}, under its monitor, and leave a signal. The client's loop
 * owns everything else: it takes batches from the queues, packs them into requests for each leader
 * ({@link io.millrace.client.send.Lane}), reads the answers and ends the records. The monitor of a
 * queue and the lock of the memory budget are the only ones, and nothing is called while one is
 * held.
 *
 * <p>Order without idempotence: a partition has at most one request under way, and batches that
 * have to be sent again go back to the head of its queue.
 *
 * <p>Uses {@code io.millrace.client.cluster} for leaders and connections; knows no serializers.
 */
@NullMarked
package io.millrace.client.send;

import org.jspecify.annotations.NullMarked;
