/**
 * Every state that one partition of three replicas can reach within bounds, searched breadth first.
 *
 * <p>What decides is the product: {@link io.millrace.server.replica.LeaderReplica}, {@link
 * io.millrace.server.replica.FollowerReplica}, {@link
 * io.millrace.coordination.election.ElectionPlan} and the doubtful leave. What surrounds it is a
 * model: a node with a version, logs of a few records, fetches that the network holds back, writes
 * whose answer is lost, processes that die and machines that lose power. A violation comes with one
 * of its shortest traces.
 *
 * <p>One thread owns a search and all that belongs to it.
 */
@NullMarked
package io.millrace.simulator.explore;

import org.jspecify.annotations.NullMarked;
