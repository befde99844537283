@NullMarked
package io.millrace.client.read;

import org.jspecify.annotations.NullMarked;
