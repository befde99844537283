/** The programs that README.md shows, run by a test. */
@NullMarked
package io.millrace.examples;

import org.jspecify.annotations.NullMarked;
