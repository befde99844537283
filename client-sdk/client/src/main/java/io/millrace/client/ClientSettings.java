package io.millrace.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What producers, consumers and admin clients have in common. Immutable. */
public abstract sealed class ClientSettings
    permits ProducerSettings, ConsumerSettings, AdminSettings {
  private static final Setting<String> CLUSTER =
      Setting.text(
          "cluster",
          null,
          2000,
          "The ZooKeeper servers, host:port with commas between them, and the path the cluster"
              + " lives under: zk1:2181,zk2:2181/millrace. Or some of the brokers:"
              + " broker://host1:7272,host2:7272.");
  private static final Setting<String> CLIENT_ID =
      Setting.text(
          "client.id", "millrace-client", 200, "Names the application in the brokers' logs.");
  private static final Setting<Duration> REQUEST_TIMEOUT =
      Setting.millis(
          "request.timeout.ms",
          30_000,
          100,
          600_000,
          "How long one request waits for its answer before its outcome counts as unknown.");
  private static final Setting<Duration> RETRY_BACKOFF =
      Setting.millis(
          "retry.backoff.ms",
          50,
          1,
          60_000,
          "The pause before a first repetition; it doubles from one to the next, with jitter.");
  private static final Setting<Duration> RETRY_BACKOFF_MAX =
      Setting.millis("retry.backoff.max.ms", 1_000, 1, 60_000, "The longest such pause.");
  private static final Setting<Duration> SESSION_TIMEOUT =
      Setting.millis(
          "cluster.session.timeout.ms",
          6_000,
          500,
          120_000,
          "The ZooKeeper session's; how soon the client looks for another ZooKeeper server.");
  private static final Setting<Duration> CONNECT_TIMEOUT =
      Setting.millis(
          "cluster.connect.timeout.ms",
          15_000,
          100,
          600_000,
          "How long one attempt to reach ZooKeeper may take.");
  private static final Setting<Duration> REFRESH_INTERVAL =
      Setting.millis(
          "cluster.refresh.interval.ms",
          30_000,
          100,
          3_600_000,
          "How often brokers are asked for changes that nothing else has shown, such as new"
              + " partitions; with broker:// only, as ZooKeeper tells by itself.");
  private static final Setting<Boolean> AUTO_CREATE =
      Setting.flag(
          "allow.auto.create.topics",
          true,
          "Ask for a topic that does not exist to be created; happens only where the cluster"
              + " allows it.");
  private static final Setting<Duration> METRICS_INTERVAL =
      Setting.millis(
          "metrics.interval.ms",
          10_000,
          100,
          3_600_000,
          "How often the metrics sink gets the client's figures, where one is set.");
  private static final Setting<Duration> CALL_TIMEOUT =
      Setting.millis(
          "default.api.timeout.ms",
          60_000,
          1,
          3_600_000,
          "How long a call that has no time-out of its own may take.");

  static final List<Setting<?>> SHARED =
      List.of(
          CLUSTER,
          CLIENT_ID,
          REQUEST_TIMEOUT,
          RETRY_BACKOFF,
          RETRY_BACKOFF_MAX,
          SESSION_TIMEOUT,
          CONNECT_TIMEOUT,
          REFRESH_INTERVAL,
          AUTO_CREATE,
          METRICS_INTERVAL,
          CALL_TIMEOUT);

  final SettingValues values;
  private final Discovery.@Nullable Factory discovery;
  private final @Nullable MetricsSink metricsSink;

  ClientSettings(Builder<?> builder) {
    this.values = builder.values.copy();
    this.discovery = builder.discovery;
    this.metricsSink = builder.metricsSink;
    cluster();
  }

  /** The address of the cluster. */
  public final String cluster() {
    return values.get(CLUSTER);
  }

  /** Names the application in brokers' logs and the client's threads. */
  public final String clientId() {
    return values.get(CLIENT_ID);
  }

  /** After which the outcome of a request counts as unknown; 30 s by default. */
  public final Duration requestTimeout() {
    return values.get(REQUEST_TIMEOUT);
  }

  /** The pause before a first repetition; 50 ms by default. */
  public final Duration retryBackoff() {
    return values.get(RETRY_BACKOFF);
  }

  /** The longest pause between repetitions; 1 s by default. */
  public final Duration retryBackoffMax() {
    return values.get(RETRY_BACKOFF_MAX);
  }

  /** ZooKeeper's session; 6 s by default. */
  public final Duration clusterSessionTimeout() {
    return values.get(SESSION_TIMEOUT);
  }

  /** For one attempt to reach ZooKeeper; 15 s by default. */
  public final Duration clusterConnectTimeout() {
    return values.get(CONNECT_TIMEOUT);
  }

  /** Between two questions to brokers when nobody has another reason to ask. */
  public final Duration clusterRefreshInterval() {
    return values.get(REFRESH_INTERVAL);
  }

  /** Whether to ask for missing topics to be created, where the cluster allows it. */
  public final boolean allowAutoCreateTopics() {
    return values.get(AUTO_CREATE);
  }

  /** For calls without a time-out of their own; 60 s by default. */
  public final Duration defaultApiTimeout() {
    return values.get(CALL_TIMEOUT);
  }

  /** Between two reports to the metrics sink. */
  public final Duration metricsInterval() {
    return values.get(METRICS_INTERVAL);
  }

  /** Where the client's figures go by themselves; absent: nowhere. */
  public final Optional<MetricsSink> metricsSink() {
    return Optional.ofNullable(metricsSink);
  }

  /** What finds the leaders; absent: what the cluster's address asks for. */
  public final Optional<Discovery.Factory> discovery() {
    return Optional.ofNullable(discovery);
  }

  @Override
  public final String toString() {
    return values.toString();
  }

  /** Collects settings; every method throws {@code InvalidSettingException} at a bad value. */
  public abstract static sealed class Builder<B extends Builder<B>>
      permits ProducerSettings.Builder, ConsumerSettings.Builder, AdminSettings.Builder {
    final SettingValues values;
    private Discovery.@Nullable Factory discovery;
    private @Nullable MetricsSink metricsSink;

    Builder(SettingTable table) {
      this.values = new SettingValues(table);
    }

    abstract B self();

    final <T> B put(Setting<T> setting, T value) {
      values.put(setting, value);
      return self();
    }

    /** Any setting by its key, as in properties. */
    public final B set(String key, String value) {
      values.putText(key, value);
      return self();
    }

    /** All of these; an unknown key is refused, and the nearest one named. */
    public final B setAll(Map<String, String> settings) {
      settings.forEach(this::set);
      return self();
    }

    /** As {@link #setAll(Map)}. */
    public final B setAll(Properties properties) {
      for (String key : properties.stringPropertyNames()) {
        set(key, properties.getProperty(key));
      }
      return self();
    }

    /** Default: {@code millrace-client}. */
    public final B clientId(String id) {
      return put(CLIENT_ID, id);
    }

    /** Default: 30 s. */
    public final B requestTimeout(Duration timeout) {
      return put(REQUEST_TIMEOUT, timeout);
    }

    /** Defaults: 50 ms, 1 s. */
    public final B retryBackoff(Duration first, Duration longest) {
      put(RETRY_BACKOFF, first);
      return put(RETRY_BACKOFF_MAX, longest);
    }

    /** Default: 6 s. */
    public final B clusterSessionTimeout(Duration timeout) {
      return put(SESSION_TIMEOUT, timeout);
    }

    /** Default: 15 s. */
    public final B clusterConnectTimeout(Duration timeout) {
      return put(CONNECT_TIMEOUT, timeout);
    }

    /** Default: 30 s. */
    public final B clusterRefreshInterval(Duration interval) {
      return put(REFRESH_INTERVAL, interval);
    }

    /** Default: true. */
    public final B allowAutoCreateTopics(boolean allow) {
      return put(AUTO_CREATE, allow);
    }

    /** Default: 60 s. */
    public final B defaultApiTimeout(Duration timeout) {
      return put(CALL_TIMEOUT, timeout);
    }

    /** Finds the leaders in another way than the cluster's address asks for. */
    public final B discovery(Discovery.Factory factory) {
      this.discovery = factory;
      return self();
    }

    /** Gets the client's figures, every 10 s unless the settings say otherwise. Default: nobody. */
    public final B metricsSink(MetricsSink sink) {
      this.metricsSink = sink;
      return self();
    }

    /** Default: 10 s. */
    public final B metricsInterval(Duration interval) {
      return put(METRICS_INTERVAL, interval);
    }

    final B cluster(String address) {
      return put(CLUSTER, address);
    }
  }
}
