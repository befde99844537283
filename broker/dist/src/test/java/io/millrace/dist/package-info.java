@NullMarked
package io.millrace.dist;

import org.jspecify.annotations.NullMarked;
