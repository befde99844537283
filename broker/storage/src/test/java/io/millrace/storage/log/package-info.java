@NullMarked
package io.millrace.storage.log;

import org.jspecify.annotations.NullMarked;
