/**
 * Holds the benchmarks to running. They themselves stand in the packages whose classes they
 * measure, since those keep most of them to themselves.
 */
@NullMarked
package io.millrace.bench;

import org.jspecify.annotations.NullMarked;
