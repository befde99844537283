/**
 * Groups as a broker keeps them: the log they are written to, who coordinates them, and the timers
 * that end silent members. The rules themselves are in {@link io.millrace.server.group}.
 *
 * <p>A group belongs to one partition of the groups' topic, and its coordinator is whoever leads
 * that partition. Owner of everything of a group: the loop of that partition. Depends on partitions
 * and their shards, and on the catalog for the topics there are; knows nothing of requests.
 */
@NullMarked
package io.millrace.server.coordinator;

import org.jspecify.annotations.NullMarked;
