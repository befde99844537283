/** Opens to the simulator what elections keep to themselves. */
@NullMarked
package io.millrace.coordination.election;

import org.jspecify.annotations.NullMarked;
