package io.millrace.server.config;

import io.millrace.coordination.view.ZooKeeperTimeouts;
import io.millrace.rpc.Endpoint;
import io.millrace.storage.compaction.CompactionPace;
import io.millrace.wire.v1.SettingSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * From what an operator wrote to settings, or to every reason why not. Later places win: defaults,
 * the file, the environment, the command line's {@code --set}.
 */
public final class SettingsLoader {
  /** The longest configuration file that is read; a caller can stop reading there. */
  public static final int MAX_FILE_SIZE_BYTES = PropertiesText.MAX_SIZE_BYTES;

  private static final int ZOOKEEPER_USUAL_LEAST_SESSION_MILLIS = 4_000;

  private SettingsLoader() {}

  /** What loading comes to. */
  public sealed interface Outcome {
    /**
     * @param warnings lines an operator should see at start
     */
    record Loaded(BrokerSettings settings, List<String> warnings) implements Outcome {}

    record Refused(List<SettingProblem> problems) implements Outcome {}
  }

  /** A configuration file as it was read. */
  public record File(String name, ByteBuffer content) {}

  /**
   * @param environment all of it; only names that begin with {@code MILLRACE_} count
   */
  public static Outcome load(
      Optional<File> file, Map<String, String> environment, Map<String, String> overrides) {
    KeyValues values = new KeyValues(BrokerKeys.all());
    if (file.isPresent()) {
      PropertiesText.Parsed parsed = PropertiesText.parse(file.get().name(), file.get().content());
      if (parsed instanceof PropertiesText.Parsed.Refused refused) {
        return new Outcome.Refused(refused.problems());
      }
      values.lay(((PropertiesText.Parsed.Entries) parsed).byKey());
    }
    values.lay(fromEnvironment(environment));
    values.lay(overrides, "--set", SettingSource.FROM_COMMAND_LINE);
    List<String> warnings = new ArrayList<>();
    BrokerSettings settings = settings(values, warnings);
    return values.problems().isEmpty()
        ? new Outcome.Loaded(settings, List.copyOf(warnings))
        : new Outcome.Refused(values.problems());
  }

  /** Other tools have variables of the same prefix, so an unknown one is none of our business. */
  private static Map<String, PropertiesText.Entry> fromEnvironment(Map<String, String> variables) {
    Map<String, PropertiesText.Entry> layer = new LinkedHashMap<>();
    for (Key<?> key : BrokerKeys.all()) {
      String value = variables.get(key.environmentName());
      if (value != null) {
        layer.put(
            key.name(),
            new PropertiesText.Entry(
                value,
                "environment variable " + key.environmentName(),
                SettingSource.FROM_ENVIRONMENT));
      }
    }
    return layer;
  }

  private static BrokerSettings settings(KeyValues values, List<String> warnings) {
    BrokerSettings settings =
        new BrokerSettings(
            new IdentitySettings(
                values.get(BrokerKeys.BROKER_ID),
                values.get(BrokerKeys.BROKER_RACK),
                values.get(BrokerKeys.DATA_DIRECTORY_NEW)),
            new ClusterSettings(
                values.get(BrokerKeys.CLUSTER),
                new ZooKeeperTimeouts(
                    values.get(BrokerKeys.CLUSTER_SESSION_TIMEOUT),
                    values.get(BrokerKeys.CLUSTER_CONNECT_TIMEOUT))),
            listener(
                values,
                "client",
                BrokerKeys.LISTENER_CLIENT,
                BrokerKeys.LISTENER_CLIENT_ADVERTISED,
                warnings),
            listener(
                values,
                "internal",
                BrokerKeys.LISTENER_INTERNAL,
                BrokerKeys.LISTENER_INTERNAL_ADVERTISED,
                warnings),
            metricsListener(values, warnings),
            new RequestSettings(
                values.get(BrokerKeys.CONNECTIONS_MAX),
                values.get(BrokerKeys.CONNECTIONS_PER_ADDRESS_MAX),
                values.get(BrokerKeys.REQUEST_MAX_BYTES),
                values.get(BrokerKeys.REQUEST_PARTITIONS_MAX),
                values.get(BrokerKeys.REQUEST_TIMEOUT),
                values.get(BrokerKeys.REQUESTS_IN_FLIGHT_MAX),
                values.get(BrokerKeys.REQUESTS_IN_FLIGHT_BYTES),
                values.get(BrokerKeys.FETCH_MAX_BYTES),
                values.get(BrokerKeys.FETCH_MAX_WAIT),
                values.get(BrokerKeys.TOPIC_CHANGES_PER_SECOND),
                values.get(BrokerKeys.PRODUCER_IDS_PER_SECOND)),
            new ReplicationSettings(
                values.get(BrokerKeys.REPLICA_FETCH_MAX_BYTES),
                values.get(BrokerKeys.SUSPICION_MIN),
                values.get(BrokerKeys.SUSPICION_MAX)),
            new StorageSettings(
                values.get(BrokerKeys.DATA_DIRECTORY),
                values.get(BrokerKeys.FLUSH_INTERVAL),
                values.get(BrokerKeys.CHECKPOINT_INTERVAL),
                values.get(BrokerKeys.SCRUB_INTERVAL),
                new CompactionPace(
                    values.get(BrokerKeys.COMPACTION_INTERVAL),
                    values.get(BrokerKeys.COMPACTION_MEMORY),
                    values.get(BrokerKeys.COMPACTION_RATE))),
            topicDefaults(values),
            values.get(BrokerKeys.GROUP_RETENTION),
            values.get(BrokerKeys.GROUP_REPLICAS),
            values.get(BrokerKeys.LOOP_THREADS),
            BrokerKeys.all().stream().map(values::effective).toList());
    crossChecks(values, settings, warnings);
    return settings;
  }

  private static TopicDefaults topicDefaults(KeyValues values) {
    Map<String, PropertiesText.Entry> settings = new LinkedHashMap<>();
    for (Key<?> key : TopicKeys.all()) {
      values.entry(key.asTopicDefault()).ifPresent(entry -> settings.put(key.name(), entry));
    }
    return new TopicDefaults(
        values.get(BrokerKeys.AUTO_CREATE_TOPICS),
        values.get(BrokerKeys.TOPIC_PARTITIONS),
        settings);
  }

  private static ListenerSettings listener(
      KeyValues values,
      String name,
      Key<Endpoint> bindKey,
      Key<Optional<Endpoint>> advertisedKey,
      List<String> warnings) {
    Endpoint bind = values.get(bindKey);
    Endpoint advertised =
        values.get(advertisedKey).orElseGet(() -> new Endpoint(bind.host(), bind.port()));
    if (Addresses.isWildcard(advertised.host())) {
      values.refuse(
          values.describe(values.get(advertisedKey).isPresent() ? advertisedKey : bindKey)
              + ": nobody can connect to "
              + advertised.host()
              + "; set "
              + advertisedKey.name()
              + " to the address others reach this broker by");
    }
    if (!Addresses.isLoopback(bind.host())) {
      if (values.get(BrokerKeys.INSECURE)) {
        warnings.add(
            "INSECURE: listener "
                + name
                + " is open on "
                + bind
                + " without authentication; whoever reaches it may read and write everything");
      } else {
        values.refuse(
            values.describe(bindKey)
                + " listens beyond this machine without authentication; use 127.0.0.1, or set"
                + " insecure=true if everybody who reaches the port may read and write everything");
      }
    }
    return new ListenerSettings(name, bind, advertised);
  }

  private static Optional<Endpoint> metricsListener(KeyValues values, List<String> warnings) {
    Optional<Endpoint> bind = values.get(BrokerKeys.LISTENER_METRICS);
    if (bind.isPresent() && !Addresses.isLoopback(bind.get().host())) {
      if (values.get(BrokerKeys.INSECURE)) {
        warnings.add(
            "INSECURE: listener metrics is open on "
                + bind.get()
                + " without authentication; whoever reaches it may read all metrics, with the names"
                + " of topics");
      } else {
        values.refuse(
            values.describe(BrokerKeys.LISTENER_METRICS)
                + " listens beyond this machine without authentication; use 127.0.0.1, or set"
                + " insecure=true if everybody who reaches the port may read all metrics");
      }
    }
    return bind;
  }

  private static void crossChecks(
      KeyValues values, BrokerSettings settings, List<String> warnings) {
    Endpoint client = settings.clientListener().bind();
    if (client.port() != 0 && client.equals(settings.internalListener().bind())) {
      values.refuse(
          values.describe(BrokerKeys.LISTENER_CLIENT)
              + " and "
              + values.describe(BrokerKeys.LISTENER_INTERNAL)
              + " are the same address");
    }
    Optional<Endpoint> metrics = settings.metricsListener();
    if (metrics.isPresent()
        && metrics.get().port() != 0
        && (metrics.get().equals(client)
            || metrics.get().equals(settings.internalListener().bind()))) {
      values.refuse(
          values.describe(BrokerKeys.LISTENER_METRICS)
              + " is the address of another listener as well");
    }
    if (settings.requests().maxFetchWaitMillis() > settings.requests().timeoutMillis()) {
      values.refuse(
          values.describe(BrokerKeys.FETCH_MAX_WAIT)
              + " is more than "
              + values.describe(BrokerKeys.REQUEST_TIMEOUT)
              + ": a fetch would be given up before its wait is over");
    }
    ReplicationSettings replication = settings.replication();
    if (replication.suspicionMaxMillis() < replication.suspicionMinMillis()) {
      values.refuse(
          values.describe(BrokerKeys.SUSPICION_MAX)
              + " is less than "
              + values.describe(BrokerKeys.SUSPICION_MIN));
    }
    if (settings.cluster().timeouts().sessionMillis() < ZOOKEEPER_USUAL_LEAST_SESSION_MILLIS) {
      warnings.add(
          values.describe(BrokerKeys.CLUSTER_SESSION_TIMEOUT)
              + " is less than two of ZooKeeper's usual ticks of 2000 ms; its servers will grant"
              + " two of theirs instead");
    }
  }
}
