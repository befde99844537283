@NullMarked
package io.millrace.client.send;

import org.jspecify.annotations.NullMarked;
