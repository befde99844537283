package io.millrace.server.config;

import io.millrace.rpc.Endpoint;
import java.util.List;
import java.util.Optional;

/**
 * All of a broker's settings, checked; each component is handed only its own record.
 *
 * @param metricsListener where to listen for monitoring; empty: nowhere
 * @param groupRetentionMillis how long offsets of a group without members are kept
 * @param groupReplicas of the topic that keeps groups, where it has still to be made
 * @param loopThreads 0 for one per processor
 * @param effective every key as it holds, for whoever asks what does
 */
public record BrokerSettings(
    IdentitySettings identity,
    ClusterSettings cluster,
    ListenerSettings clientListener,
    ListenerSettings internalListener,
    Optional<Endpoint> metricsListener,
    RequestSettings requests,
    ReplicationSettings replication,
    StorageSettings storage,
    TopicDefaults topics,
    long groupRetentionMillis,
    int groupReplicas,
    int loopThreads,
    List<EffectiveSetting> effective) {}
