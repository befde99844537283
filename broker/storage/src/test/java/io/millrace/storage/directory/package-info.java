@NullMarked
package io.millrace.storage.directory;

import org.jspecify.annotations.NullMarked;
