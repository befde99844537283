package io.millrace.server.config;

/**
 * All of a broker's settings, checked; each component is handed only its own record.
 *
 * @param loopThreads 0 for one per processor
 */
public record BrokerSettings(
    IdentitySettings identity,
    ClusterSettings cluster,
    ListenerSettings clientListener,
    ListenerSettings internalListener,
    RequestSettings requests,
    StorageSettings storage,
    TopicDefaults topics,
    int loopThreads) {}
