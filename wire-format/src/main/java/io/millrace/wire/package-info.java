/**
 * The bytes: frames, message heads, record batches, compression.
 *
 * <p>Every byte is protobuf ({@code PROTOCOL.md}); the hot paths here write and read it by hand and
 * are held equal to the generated classes of {@code io.millrace.wire.v1} by tests. Pure functions
 * and single-threaded objects over {@link java.nio.ByteBuffer}; no clock, thread, socket or file.
 */
@NullMarked
package io.millrace.wire;

import org.jspecify.annotations.NullMarked;
