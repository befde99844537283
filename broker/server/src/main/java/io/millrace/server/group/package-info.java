/**
 * The rules of consumer groups, without their surroundings: who gets which partitions, how members
 * come from what they own to what they shall own without a barrier, and whose commits count
 * (semantics 4.12 to 4.14).
 *
 * <p>A group's state changes in one method, {@link Group#apply}, by the same changes while it is
 * lived and when it is read back from its log. Decisions read the state and say which changes to
 * write; they hold no clock, thread, file or socket. The owner of a group is the loop of the
 * partition that holds its log. Depends on nothing of the broker but {@link
 * io.millrace.server.partition.PartitionId}.
 */
@NullMarked
package io.millrace.server.group;

import org.jspecify.annotations.NullMarked;
