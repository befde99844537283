/**
 * Whether this broker is well, for whoever has to decide about it from outside: a supervisor that
 * restarts it, a balancer that sends it clients, an operator.
 *
 * <p>{@link io.millrace.server.health.BrokerHealth} is read by any thread and never waits for
 * anything; {@link io.millrace.server.health.HealthBoard} is what the rest of the broker writes on;
 * {@link io.millrace.server.health.StallWatch} notices loops and workers that do not come round.
 * Knows nothing of how the answer is carried outside.
 */
@NullMarked
package io.millrace.server.health;

import org.jspecify.annotations.NullMarked;
