/** Tests of the exceptions' families. */
@NullMarked
package io.millrace.client.errors;

import org.jspecify.annotations.NullMarked;
