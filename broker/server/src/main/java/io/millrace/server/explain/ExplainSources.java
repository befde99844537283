package io.millrace.server.explain;

import io.millrace.rpc.EventLoop;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Who in the broker knows what an explanation needs, beside the partitions themselves.
 *
 * @param board any thread
 * @param health any thread
 * @param store the loop of the cluster's store, on which the next three are asked
 * @param waitsOf why a partition is not led or served here
 * @param suspected live brokers that this one takes for dead, with the reason as a clause
 * @param offlineElsewhere which other live replicas of a partition cannot use their copy, with what
 *     they say of it; completes on that loop, soon
 * @param diskFull whether appends are being refused for lack of space; any thread
 * @param ofDisk how far it is with reading again what it stores; any thread
 * @param compaction of what is stored here; any thread
 * @param refusedNodes of ZooKeeper, by path, with the reason as a clause; any thread
 */
public record ExplainSources(
    WaitBoard board,
    BrokerHealth health,
    EventLoop store,
    Function<PartitionId, List<Finding>> waitsOf,
    Supplier<Map<Integer, String>> suspected,
    Function<PartitionId, CompletionStage<Map<Integer, String>>> offlineElsewhere,
    BooleanSupplier diskFull,
    Supplier<Finding> ofDisk,
    CompactionFindings compaction,
    Supplier<Map<String, String>> refusedNodes) {}
