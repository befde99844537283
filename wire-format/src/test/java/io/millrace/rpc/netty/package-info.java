@NullMarked
package io.millrace.rpc.netty;

import org.jspecify.annotations.NullMarked;
