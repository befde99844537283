/** Tests of what reads for an application. */
@NullMarked
package io.millrace.client.run;

import org.jspecify.annotations.NullMarked;
