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

  private static final Setting<Optional<String>> GROUP_ID =
      Setting.optionalText(
          "group.id",
          255,
          "The group whose work this consumer shares, and whose commits it makes; unset: none.");
  private static final Setting<Optional<String>> GROUP_INSTANCE_ID =
      Setting.optionalText(
          "group.instance.id",
          255,
          "A name that is this member's own and stays the same after a restart: coming back within"
              + " session.timeout.ms it gets what it had, and nobody else has to move. unset: none.");
  private static final Setting<Optional<String>> GROUP_ASSIGNOR =
      Setting.optionalText(
          "group.assignor",
          100,
          "Who shares the partitions out: balanced or range. unset: what the cluster has as its"
              + " default, balanced.");
  private static final Setting<Optional<String>> CLIENT_RACK =
      Setting.optionalText(
          "client.rack",
          255,
          "Where this consumer runs: it rather gets partitions with a replica there. unset: unknown.");
  private static final Setting<Duration> SESSION_TIMEOUT =
      Setting.millis(
          "session.timeout.ms",
          45_000,
          1_000,
          1_800_000,
          "A member that is not heard of for so long is out, and others get its partitions.");
  private static final Setting<Duration> HEARTBEAT_INTERVAL =
      Setting.millis(
          "heartbeat.interval.ms",
          3_000,
          100,
          60_000,
          "A member is heard of so often, or three times in session.timeout.ms if that is oftener.");
  private static final Setting<Duration> MAX_POLL_INTERVAL =
      Setting.millis(
          "max.poll.interval.ms",
          300_000,
          1_000,
          3_600_000,
          "A member that does not poll for so long leaves its group; it also may take so long to give"
              + " a partition up.");
  private static final Setting<Boolean> AUTO_COMMIT =
      Setting.flag(
          "auto.commit",
          true,
          "Commit by itself what earlier polls have returned: with a poll, when a partition goes, and"
              + " at close.");
  private static final Setting<Duration> AUTO_COMMIT_INTERVAL =
      Setting.millis(
          "auto.commit.interval.ms", 5_000, 10, 86_400_000, "How often, where auto.commit is on.");

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
              MAX_POLL_RECORDS,
              GROUP_ID,
              GROUP_INSTANCE_ID,
              GROUP_ASSIGNOR,
              CLIENT_RACK,
              SESSION_TIMEOUT,
              HEARTBEAT_INTERVAL,
              MAX_POLL_INTERVAL,
              AUTO_COMMIT,
              AUTO_COMMIT_INTERVAL));

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

  /** The group whose work this consumer shares; absent: none. */
  public Optional<String> groupId() {
    return values.get(GROUP_ID);
  }

  /** Of a static member; absent: none. */
  public Optional<String> groupInstanceId() {
    return values.get(GROUP_INSTANCE_ID);
  }

  /** What shares the partitions out; absent: the cluster's default. */
  public Optional<String> groupAssignor() {
    return values.get(GROUP_ASSIGNOR);
  }

  /** Where this consumer runs; absent: unknown. */
  public Optional<String> clientRack() {
    return values.get(CLIENT_RACK);
  }

  /** After so much silence a member is out; 45 s by default. */
  public Duration sessionTimeout() {
    return values.get(SESSION_TIMEOUT);
  }

  /** A member is heard of so often; 3 s by default. */
  public Duration heartbeatInterval() {
    return values.get(HEARTBEAT_INTERVAL);
  }

  /** A member that does not poll for so long leaves; 5 min by default. */
  public Duration maxPollInterval() {
    return values.get(MAX_POLL_INTERVAL);
  }

  /** Whether what polls have returned is committed by itself; on by default. */
  public boolean autoCommit() {
    return values.get(AUTO_COMMIT);
  }

  /** How often, where {@link #autoCommit} is on; 5 s by default. */
  public Duration autoCommitInterval() {
    return values.get(AUTO_COMMIT_INTERVAL);
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

    /** Default: none. */
    public Builder groupId(String id) {
      return put(GROUP_ID, Optional.of(id));
    }

    /** Default: none. */
    public Builder groupInstanceId(String id) {
      return put(GROUP_INSTANCE_ID, Optional.of(id));
    }

    /** Default: what the cluster has as its default. */
    public Builder groupAssignor(String name) {
      return put(GROUP_ASSIGNOR, Optional.of(name));
    }

    /** Default: unknown. */
    public Builder clientRack(String rack) {
      return put(CLIENT_RACK, Optional.of(rack));
    }

    /** Default: 45 s. */
    public Builder sessionTimeout(Duration timeout) {
      return put(SESSION_TIMEOUT, timeout);
    }

    /** Default: 3 s. */
    public Builder heartbeatInterval(Duration interval) {
      return put(HEARTBEAT_INTERVAL, interval);
    }

    /** Default: 5 min. */
    public Builder maxPollInterval(Duration interval) {
      return put(MAX_POLL_INTERVAL, interval);
    }

    /** Default: true. */
    public Builder autoCommit(boolean commit) {
      return put(AUTO_COMMIT, commit);
    }

    /** Default: 5 s. */
    public Builder autoCommitInterval(Duration interval) {
      return put(AUTO_COMMIT_INTERVAL, interval);
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
