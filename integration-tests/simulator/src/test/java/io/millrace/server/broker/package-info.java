/** Shows the simulator the inside of a broker. */
@NullMarked
package io.millrace.server.broker;

import org.jspecify.annotations.NullMarked;
