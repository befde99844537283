/** Tests of the store on a real ZooKeeper server. */
@NullMarked
package io.millrace.coordination.curator;

import org.jspecify.annotations.NullMarked;
