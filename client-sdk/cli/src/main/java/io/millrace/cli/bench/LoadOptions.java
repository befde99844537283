package io.millrace.cli.bench;

import io.millrace.cli.AckLevel;
import io.millrace.cli.ClusterOption;
import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.cli.JsonText;
import io.millrace.cli.Surroundings;
import io.millrace.client.Durability;
import io.millrace.client.ProducerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What is sent, and how: options of every command that puts load on a cluster. */
public final class LoadOptions {
  private static final int MAX_SIZE_BYTES = 64 << 20;

  @Mixin ClusterOption cluster = new ClusterOption();

  @ArgGroup @Nullable Source source;

  /** Where values come from; one of them at most. */
  static final class Source {
    @Option(
        names = "--size",
        paramLabel = "B",
        description = "Values of so many random bytes. Default: 1024.")
    @Nullable Integer sizeBytes;

    @Option(
        names = "--payload-file",
        paramLabel = "F",
        description = "Values are lines of F, picked at random.")
    @Nullable Path file;
  }

  @ArgGroup @Nullable AckLevel level;

  @Option(
      names = "--batch-size",
      paramLabel = "BYTES",
      description = "The largest batch. Default: the client's.")
  @Nullable Integer batchSizeBytes;

  @Option(
      names = "--linger",
      paramLabel = "MS",
      description = "How long a record may wait for company. Default: the client's.")
  @Nullable Long lingerMillis;

  @Option(
      names = "--compression",
      paramLabel = "NAME",
      description = "none, gzip, snappy, lz4 or zstd. Default: none.")
  @Nullable String compression;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any other setting of the producer; may be repeated.")
  Map<String, String> settings = new LinkedHashMap<>();

  static final int DEFAULT_SIZE_BYTES = 1024;

  /** Of values that are not lines of a file. */
  int sizeBytes() {
    int size = source == null || source.sizeBytes == null ? DEFAULT_SIZE_BYTES : source.sizeBytes;
    if (size < 0 || size > MAX_SIZE_BYTES) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--size is 0 to " + MAX_SIZE_BYTES + " bytes, not " + size);
    }
    return size;
  }

  Payloads payloads() throws IOException {
    return source == null || source.file == null
        ? Payloads.ofSize(sizeBytes())
        : Payloads.linesOf(source.file);
  }

  String address(Surroundings surroundings) {
    return cluster.address(surroundings.environment());
  }

  /** Of the client's defaults, all but what the user asked to be different. */
  ProducerSettings.Builder producer(Surroundings surroundings) {
    ProducerSettings.Builder builder =
        ProducerSettings.builder(address(surroundings)).clientId("millrace-bench");
    Durability durability = level == null ? null : level.asked();
    if (durability != null) {
      builder.durability(durability);
    }
    if (batchSizeBytes != null) {
      builder.batchSizeBytes(batchSizeBytes);
    }
    if (lingerMillis != null) {
      builder.linger(Duration.ofMillis(lingerMillis));
    }
    if (compression != null) {
      builder.compression(compression);
    }
    return builder.setAll(settings);
  }

  /** Into the object of conditions: what a figure cannot be compared without. */
  void conditions(ProducerSettings used, JsonText json) {
    if (source != null && source.file != null) {
      json.field("payload_file", source.file.toString());
    } else {
      json.field("size", sizeBytes());
    }
    json.field("durability", used.durability().map(Durability::label).orElse("topic"));
    json.field("batch_size", used.batchSizeBytes()).field("linger_ms", used.linger().toMillis());
    json.field("compression", used.compression().name());
    settings.forEach(json::field);
  }
}
