/**
 * The system as its users meet it: real processes, a real ZooKeeper, real sockets; and the rules of
 * the architecture, checked on the compiled classes of every module.
 */
@NullMarked
package io.millrace.system;

import org.jspecify.annotations.NullMarked;
