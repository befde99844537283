/**
 * Reads the segment files of replicas as they lie on disk and compares them. The reader is written
 * from {@code wire-format/PROTOCOL.md} alone. Depends on the JDK only.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.checker.log;
