/** Twins and tools for tests of storage and of what stands on it. */
@NullMarked
package io.millrace.storage;

import org.jspecify.annotations.NullMarked;
