/** Gives the simulator the client's seams, which are not open to applications. */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
