/** Shows the simulator the inside of a partition. */
@NullMarked
package io.millrace.server.partition;

import org.jspecify.annotations.NullMarked;
