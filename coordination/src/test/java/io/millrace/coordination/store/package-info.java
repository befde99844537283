/**
 * The in-memory twin of the cluster store, with faults, and the contract that every store passes.
 *
 * <p>The twin: {@link io.millrace.coordination.store.MemoryEnsemble} is the servers, {@link
 * io.millrace.coordination.store.MemoryStore} a client. It runs on simulated and on real loops.
 */
@NullMarked
package io.millrace.coordination.store;

import org.jspecify.annotations.NullMarked;
