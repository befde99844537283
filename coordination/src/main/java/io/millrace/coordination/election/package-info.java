/**
 * Who leads a partition, and how a replica that has lost data leaves it to others.
 *
 * <p>There is no controller. {@link io.millrace.coordination.election.ElectionPlan} decides from
 * what everybody can read, without side effects; {@link
 * io.millrace.coordination.election.PartitionElection} performs a decision by one version-checked
 * write. Safety rests on that check and on epochs, never on timing or on the view being recent.
 *
 * <p>Owner: the store's loop. Knows nothing of logs: what must be flushed before a write is flushed
 * by the caller, who also stops fetching before an election and fetches nothing until its outcome.
 */
@NullMarked
package io.millrace.coordination.election;

import org.jspecify.annotations.NullMarked;
