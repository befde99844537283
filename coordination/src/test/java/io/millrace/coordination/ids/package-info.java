/** Tests of this package, most of them in virtual time on the in-memory store. */
@NullMarked
package io.millrace.coordination.ids;

import org.jspecify.annotations.NullMarked;
