package io.millrace.coordination.store;

import com.google.protobuf.ByteString;

/**
 * A node as it was read.
 *
 * @param version of the data, from 0; grows by one with each write
 * @param ephemeralOwner the session whose end deletes it; 0 when it is persistent
 * @param createdAt the store-wide transaction that created it: another node of the same path has
 *     another
 */
public record Node(ByteString data, int version, long ephemeralOwner, long createdAt) {}
