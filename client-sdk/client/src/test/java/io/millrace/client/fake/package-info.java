/**
 * A cluster that a test can script: brokers that speak the real protocol over any transport, keep
 * their records in memory, and do what they are told, also what no broker should; and a discovery
 * that says what the test wants. Safe for any thread, so that it serves on real sockets too.
 */
@NullMarked
package io.millrace.client.fake;

import org.jspecify.annotations.NullMarked;
