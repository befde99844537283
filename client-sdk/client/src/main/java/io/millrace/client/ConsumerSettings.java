package io.millrace.client;

import io.millrace.client.errors.InvalidSettingException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** The settings of a {@link Consumer}. Immutable; the defaults are meant to be kept. */
public final class ConsumerSettings extends ClientSettings {
  private static final int MIB = 1 << 20;

  private static final Setting<Optional<OffsetReset>> AUTO_OFFSET_RESET =
      Setting.choice(
          "auto.offset.reset",
          OffsetReset.class,
          "unset",
          "Where to go on when a partition has no record at the position, or no position was set;"
              + " earliest goes on at the end where the position is behind that."
              + " unset: latest, but fail where a position that was sought has no record.");
  private static final Setting<Integer> FETCH_MIN =
      Setting.bytes(
          "fetch.min.bytes",
          1,
          1,
          64 * MIB,
          "A broker waits for so many bytes before it answers, at most fetch.max.wait.ms.");
  private static final Setting<Duration> FETCH_MAX_WAIT =
      Setting.millis(
          "fetch.max.wait.ms",
          500,
          0,
          60_000,
          "How long a broker may wait for fetch.min.bytes; at most half of request.timeout.ms.");
  private static final Setting<Integer> FETCH_MAX =
      Setting.bytes(
          "fetch.max.bytes",
          50 * MIB,
          1024,
          1024 * MIB,
          "The size of one answer; its first batch may be larger.");
  private static final Setting<Integer> FETCH_MAX_PARTITION =
      Setting.bytes(
          "max.partition.fetch.bytes",
          MIB,
          1024,
          1024 * MIB,
          "One partition's share of an answer; its first batch may be larger.");
  private static final Setting<Integer> PREFETCH =
      Setting.bytes(
          "prefetch.bytes",
          16 * MIB,
          1024,
          1024 * MIB,
          "Memory for records that were fetched and not polled yet, and for answers on their way;"
              + " exceeded by a batch that is larger.");
  private static final Setting<Integer> MAX_POLL_RECORDS =
      Setting.count("max.poll.records", 500, 1, 1_000_000, "How many records one poll returns.");

  static final SettingTable TABLE =
      new SettingTable(
          "consumer",
          List.of(
              AUTO_OFFSET_RESET,
              FETCH_MIN,
              FETCH_MAX_WAIT,
              FETCH_MAX,
              FETCH_MAX_PARTITION,
              PREFETCH,
              MAX_POLL_RECORDS));

  private ConsumerSettings(Builder builder) {
    super(builder);
    long waitMillis = fetchMaxWait().toMillis();
    long timeoutMillis = requestTimeout().toMillis();
    if (2 * waitMillis > timeoutMillis) {
      throw new InvalidSettingException(
          "fetch.max.wait.ms",
          "fetch.max.wait.ms is "
              + waitMillis
              + ", more than half of request.timeout.ms, "
              + timeoutMillis
              + ": a broker that does as it is told would look like a dead one");
    }
  }

  /** With defaults for all but the cluster's address: {@code zk1:2181,zk2:2181/millrace}. */
  public static Builder builder(String cluster) {
    return new Builder().cluster(cluster);
  }

  /** From {@code cluster=…}, {@code auto.offset.reset=…} and so on. */
  public static ConsumerSettings from(Properties properties) {
    return new Builder().setAll(properties).build();
  }

  /** From {@code cluster=…}, {@code auto.offset.reset=…} and so on. */
  public static ConsumerSettings from(Map<String, String> settings) {
    return new Builder().setAll(settings).build();
  }

  /** Absent: latest, but fail where a position that was sought has no record. */
  public Optional<OffsetReset> autoOffsetReset() {
    return values.get(AUTO_OFFSET_RESET);
  }

  /** For which a broker waits before it answers, at most {@link #fetchMaxWait}. */
  public int fetchMinBytes() {
    return values.get(FETCH_MIN);
  }

  /** How long a broker may wait for {@link #fetchMinBytes}; 500 ms by default. */
  public Duration fetchMaxWait() {
    return values.get(FETCH_MAX_WAIT);
  }

  /** Of one answer; its first batch may be larger. */
  public int fetchMaxBytes() {
    return values.get(FETCH_MAX);
  }

  /** Of one partition's share of an answer; its first batch may be larger. */
  public int maxPartitionFetchBytes() {
    return values.get(FETCH_MAX_PARTITION);
  }

  /** For what was fetched and not polled, and for answers on their way. */
  public int prefetchBytes() {
    return values.get(PREFETCH);
  }

  /** The most that one {@code poll} returns, before interceptors. */
  public int maxPollRecords() {
    return values.get(MAX_POLL_RECORDS);
  }

  /** Collects the settings of a consumer. */
  public static final class Builder extends ClientSettings.Builder<Builder> {
    private Builder() {
      super(TABLE);
    }

    @Override
    Builder self() {
      return this;
    }

    /** Default: latest, but fail where a position that was sought has no record. */
    public Builder autoOffsetReset(OffsetReset reset) {
      return put(AUTO_OFFSET_RESET, Optional.of(reset));
    }

    /** Default: 1. */
    public Builder fetchMinBytes(int bytes) {
      return put(FETCH_MIN, bytes);
    }

    /** Default: 500 ms. */
    public Builder fetchMaxWait(Duration longest) {
      return put(FETCH_MAX_WAIT, longest);
    }

    /** Default: 50 MiB. */
    public Builder fetchMaxBytes(int bytes) {
      return put(FETCH_MAX, bytes);
    }

    /** Default: 1 MiB. */
    public Builder maxPartitionFetchBytes(int bytes) {
      return put(FETCH_MAX_PARTITION, bytes);
    }

    /** Default: 16 MiB. */
    public Builder prefetchBytes(int bytes) {
      return put(PREFETCH, bytes);
    }

    /** Default: 500. */
    public Builder maxPollRecords(int count) {
      return put(MAX_POLL_RECORDS, count);
    }

    /**
     * Makes them, once all bounds were checked.
     *
     * @throws io.millrace.client.errors.InvalidSettingException the cluster's address is missing
     */
    public ConsumerSettings build() {
      return new ConsumerSettings(this);
    }
  }
}
