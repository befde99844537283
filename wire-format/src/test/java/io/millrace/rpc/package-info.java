@NullMarked
package io.millrace.rpc;

import org.jspecify.annotations.NullMarked;
