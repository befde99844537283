@NullMarked
package io.millrace.storage.producers;

import org.jspecify.annotations.NullMarked;
