/**
 * The rules of replication, without their surroundings: what a leader makes of its followers'
 * fetches, how far all have come, who is in sync, and how a follower's log is brought into line.
 *
 * <p>State machines over values: no clock, thread, file, socket or randomness; time comes as an
 * argument. The owner of an instance is the partition it belongs to. Depends on nothing of the
 * broker but {@link io.millrace.rpc.SafetyRule}, so that every state they can reach may be
 * searched.
 */
@NullMarked
package io.millrace.server.replica;

import org.jspecify.annotations.NullMarked;
