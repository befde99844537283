/**
 * How a broker becomes, and stays, a member of the cluster.
 *
 * <p>{@link io.millrace.coordination.membership.ClusterIdentity} finds or founds the cluster;
 * {@link io.millrace.coordination.membership.BrokerRegistration} keeps this broker's live node, one
 * incarnation after another. What to do about the nodes that are found is decided by {@link
 * io.millrace.coordination.membership.RegistrationPlan}, without side effects.
 *
 * <p>Owner: the store's loop. Knows nothing of partitions: who leads what, and which sets a
 * doubtful broker must leave, is its caller's business.
 */
@NullMarked
package io.millrace.coordination.membership;

import org.jspecify.annotations.NullMarked;
