/** Tests of this package, most of them in virtual time on the in-memory store. */
@NullMarked
package io.millrace.coordination.topics;

import org.jspecify.annotations.NullMarked;
