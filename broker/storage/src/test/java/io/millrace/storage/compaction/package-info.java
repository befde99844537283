@NullMarked
package io.millrace.storage.compaction;

import org.jspecify.annotations.NullMarked;
