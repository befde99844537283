/** Tests of names, addresses and images. */
@NullMarked
package io.millrace.coordination.view;

import org.jspecify.annotations.NullMarked;
