package io.millrace.client;

import io.millrace.wire.Compression;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** The settings of a {@link Producer}. Immutable; the defaults are meant to be kept. */
public final class ProducerSettings extends ClientSettings {
  private static final int MIB = 1 << 20;

  private static final Setting<Optional<Durability>> DURABILITY =
      Setting.choice(
          "durability",
          Durability.class,
          "topic",
          "What an acknowledgement means; topic: the level each topic was created with.");
  private static final Setting<Compression> COMPRESSION =
      Setting.compression("compression.type", "How batches are compressed.");
  private static final Setting<Duration> LINGER =
      Setting.millis(
          "linger.ms",
          0,
          0,
          60_000,
          "How long a record may wait for company. Records are packed while an earlier request is"
              + " under way in any case, so that this is seldom worth its latency.");
  private static final Setting<Integer> BATCH_SIZE =
      Setting.bytes(
          "batch.size",
          MIB,
          1024,
          64 * MIB,
          "No record is added to a batch that would become larger than this; a record that is"
              + " larger travels alone.");
  private static final Setting<Integer> MAX_REQUEST_SIZE =
      Setting.bytes(
          "max.request.size",
          MIB / 4,
          1024,
          64 * MIB,
          "Queued batches are packed into requests of up to this size; a batch that is larger"
              + " travels alone. Larger requests cost latency and win little.");
  private static final Setting<Integer> BUFFER_MEMORY =
      Setting.bytes(
          "buffer.memory",
          32 * MIB,
          64 * 1024,
          Integer.MAX_VALUE,
          "Memory for records that have not ended yet. When it is used up, send blocks.");
  private static final Setting<Duration> MAX_BLOCK =
      Setting.millis(
          "max.block.ms",
          60_000,
          0,
          3_600_000,
          "How long send may block for memory, or for the topic to become known.");
  private static final Setting<Duration> DELIVERY_TIMEOUT =
      Setting.millis(
          "delivery.timeout.ms",
          120_000,
          1,
          86_400_000,
          "From send to the end of the record: written, failed or unknown. Until then whatever may"
              + " pass is retried.");
  private static final Setting<Integer> MAX_IN_FLIGHT =
      Setting.bytes(
          "max.in.flight.bytes",
          4 * MIB,
          64 * 1024,
          256 * MIB,
          "Bytes under way to one broker; one request larger than this still goes alone.");
  private static final Setting<Boolean> RETRY_UNKNOWN =
      Setting.flag(
          "retry.unknown.outcome",
          true,
          "Send records again whose outcome is unknown. false: end them as unknown: at most once,"
              + " perhaps not at all.");

  private static final Setting<Boolean> IDEMPOTENCE =
      Setting.flag(
          "idempotence",
          true,
          "Number the records, so that brokers know what is sent again and write it once. false:"
              + " it may be written twice. Not possible with durability none.");

  static final SettingTable TABLE =
      new SettingTable(
          "producer",
          List.of(
              DURABILITY,
              COMPRESSION,
              LINGER,
              BATCH_SIZE,
              MAX_REQUEST_SIZE,
              BUFFER_MEMORY,
              MAX_BLOCK,
              DELIVERY_TIMEOUT,
              MAX_IN_FLIGHT,
              RETRY_UNKNOWN,
              IDEMPOTENCE));

  private final Partitioner partitioner;

  private ProducerSettings(Builder builder) {
    super(builder);
    this.partitioner = builder.partitioner;
  }

  /** With defaults for all but the cluster's address: {@code zk1:2181,zk2:2181/millrace}. */
  public static Builder builder(String cluster) {
    return new Builder().cluster(cluster);
  }

  /** From {@code cluster=…}, {@code linger.ms=…} and so on. */
  public static ProducerSettings from(Properties properties) {
    return new Builder().setAll(properties).build();
  }

  /** From {@code cluster=…}, {@code linger.ms=…} and so on. */
  public static ProducerSettings from(Map<String, String> settings) {
    return new Builder().setAll(settings).build();
  }

  /** Absent: each topic's own. */
  public Optional<Durability> durability() {
    return values.get(DURABILITY);
  }

  /** How batches are compressed; none by default. */
  public Compression compression() {
    return values.get(COMPRESSION);
  }

  /** How long a record may wait for company, 0 to 60 s; 0 by default. */
  public Duration linger() {
    return values.get(LINGER);
  }

  /** No record is added to a batch that would become larger, before compression. */
  public int batchSizeBytes() {
    return values.get(BATCH_SIZE);
  }

  /** Up to which batches are packed into one request. */
  public int maxRequestSizeBytes() {
    return values.get(MAX_REQUEST_SIZE);
  }

  /** For records that have not ended; {@code send} blocks while it is used up. */
  public int bufferMemoryBytes() {
    return values.get(BUFFER_MEMORY);
  }

  /** The longest that {@code send} may block; 60 s by default. */
  public Duration maxBlock() {
    return values.get(MAX_BLOCK);
  }

  /** From {@code send} to the end of the record; 2 min by default. */
  public Duration deliveryTimeout() {
    return values.get(DELIVERY_TIMEOUT);
  }

  /** Under way to one broker. */
  public int maxInFlightBytes() {
    return values.get(MAX_IN_FLIGHT);
  }

  /** False: what has an unknown outcome ends so; at most once, perhaps not at all. */
  public boolean retryUnknownOutcome() {
    return values.get(RETRY_UNKNOWN);
  }

  /** True: what is sent again is written once; by default. */
  public boolean idempotence() {
    return values.get(IDEMPOTENCE);
  }

  /** Chooses the partition of a record that names none. */
  public Partitioner partitioner() {
    return partitioner;
  }

  /** Collects the settings of a producer. */
  public static final class Builder extends ClientSettings.Builder<Builder> {
    private Partitioner partitioner = Partitioners.byKey();

    private Builder() {
      super(TABLE);
    }

    @Override
    Builder self() {
      return this;
    }

    /** Default: each topic's own. */
    public Builder durability(Durability durability) {
      return put(DURABILITY, Optional.of(durability));
    }

    /** By name: {@code zstd}. Default: none. */
    public Builder compression(String name) {
      return set(COMPRESSION.key(), name);
    }

    /** Default: none. */
    public Builder compression(Compression compression) {
      return put(COMPRESSION, compression);
    }

    /** Default: 0. */
    public Builder linger(Duration linger) {
      return put(LINGER, linger);
    }

    /** Default: 1 MiB. */
    public Builder batchSizeBytes(int bytes) {
      return put(BATCH_SIZE, bytes);
    }

    /** Default: 256 KiB. */
    public Builder maxRequestSizeBytes(int bytes) {
      return put(MAX_REQUEST_SIZE, bytes);
    }

    /** Default: 32 MiB. */
    public Builder bufferMemoryBytes(int bytes) {
      return put(BUFFER_MEMORY, bytes);
    }

    /** Default: 60 s. */
    public Builder maxBlock(Duration longest) {
      return put(MAX_BLOCK, longest);
    }

    /** Default: 2 min. */
    public Builder deliveryTimeout(Duration timeout) {
      return put(DELIVERY_TIMEOUT, timeout);
    }

    /** Default: 4 MiB. */
    public Builder maxInFlightBytes(int bytes) {
      return put(MAX_IN_FLIGHT, bytes);
    }

    /** Default: true. */
    public Builder retryUnknownOutcome(boolean retry) {
      return put(RETRY_UNKNOWN, retry);
    }

    /** Default: true, what is sent again is written once. */
    public Builder idempotence(boolean idempotence) {
      return put(IDEMPOTENCE, idempotence);
    }

    /** Default: {@link Partitioners#byKey}. */
    public Builder partitioner(Partitioner partitioner) {
      this.partitioner = partitioner;
      return this;
    }

    /**
     * Makes them, once all bounds were checked.
     *
     * @throws io.millrace.client.errors.InvalidSettingException the cluster's address is missing
     */
    public ProducerSettings build() {
      return new ProducerSettings(this);
    }
  }
}
