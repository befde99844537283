/**
 * Consumers that share the work of a group. {@link io.millrace.client.group.GroupSession} is the
 * membership, on the client's loop: its heartbeat goes on whatever the application does. {@link
 * io.millrace.client.group.GroupConsumer} is what the application holds, on the thread that polls:
 * there alone partitions come and go. Depends on the consumer's engine and the cluster.
 */
@NullMarked
package io.millrace.client.group;

import org.jspecify.annotations.NullMarked;
