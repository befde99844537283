package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.errors.InvalidSettingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final String ADDRESS = "zk1:2181/millrace";

  @Test
  void defaultsAreThoseOfTheDesign() {
    ProducerSettings producer = ProducerSettings.builder(ADDRESS).build();
    assertThat(producer.linger()).isZero();
    assertThat(producer.batchSizeBytes()).isEqualTo(1 << 20);
    assertThat(producer.maxRequestSizeBytes()).isEqualTo(256 << 10);
    assertThat(producer.bufferMemoryBytes()).isEqualTo(32 << 20);
    assertThat(producer.maxInFlightBytes()).isEqualTo(4 << 20);
    assertThat(producer.deliveryTimeout()).isEqualTo(Duration.ofMinutes(2));
    assertThat(producer.requestTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(producer.durability()).isEmpty();
    assertThat(producer.retryUnknownOutcome()).isTrue();
    assertThat(producer.compression().name()).isEqualTo("none");
    ConsumerSettings consumer = ConsumerSettings.builder(ADDRESS).build();
    assertThat(consumer.fetchMinBytes()).isEqualTo(1);
    assertThat(consumer.fetchMaxWait()).isEqualTo(Duration.ofMillis(500));
    assertThat(consumer.fetchMaxBytes()).isEqualTo(50 << 20);
    assertThat(consumer.maxPartitionFetchBytes()).isEqualTo(1 << 20);
    assertThat(consumer.autoOffsetReset()).isEmpty();
    AdminSettings admin = AdminSettings.builder(ADDRESS).build();
    assertThat(admin.clusterSessionTimeout()).isEqualTo(Duration.ofSeconds(6));
    assertThat(admin.clusterConnectTimeout()).isEqualTo(Duration.ofSeconds(15));
  }

  @Test
  void readsProperties() {
    Properties properties = new Properties();
    properties.setProperty("cluster", ADDRESS);
    properties.setProperty("linger.ms", " 5 ");
    properties.setProperty("durability", "synced");
    properties.setProperty("compression.type", "zstd");
    properties.setProperty("retry.unknown.outcome", "false");
    ProducerSettings settings = ProducerSettings.from(properties);
    assertThat(settings.linger()).isEqualTo(Duration.ofMillis(5));
    assertThat(settings.durability()).contains(Durability.SYNCED);
    assertThat(settings.compression().name()).isEqualTo("zstd");
    assertThat(settings.retryUnknownOutcome()).isFalse();
    assertThat(settings)
        .hasToString(
            "cluster=zk1:2181/millrace, durability=synced, compression.type=zstd, linger.ms=5,"
                + " retry.unknown.outcome=false");
    assertThat(ConsumerSettings.from(Map.of("cluster", "a", "auto.offset.reset", "earliest")))
        .extracting(ConsumerSettings::autoOffsetReset)
        .isEqualTo(java.util.Optional.of(OffsetReset.EARLIEST));
    assertThat(AdminSettings.from(Map.of("cluster", "a", "client.id", "me")).clientId())
        .isEqualTo("me");
  }

  @ParameterizedTest
  @CsvSource({
    "linger.msec, linger.ms",
    "lingerms, linger.ms",
    "buffer.memroy, buffer.memory",
    "bootstrap.servers, cluster",
    "acks, durability",
    "retries, delivery.timeout.ms",
  })
  void anUnknownKeyIsRefusedAndTheNearestNamed(String key, String suggestion) {
    assertThatThrownBy(() -> ProducerSettings.from(Map.of("cluster", ADDRESS, key, "1")))
        .isInstanceOfSatisfying(
            InvalidSettingException.class, e -> assertThat(e.key()).isEqualTo(key))
        .hasMessageContaining("did you mean \"" + suggestion + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "linger.ms, -1",
    "linger.ms, 1s",
    "linger.ms, ''",
    "linger.ms, 99999999999999999999",
    "batch.size, 1023",
    "batch.size, 67108865",
    "buffer.memory, 99999999999",
    "durability, all",
    "durability, STANDARD",
    "compression.type, zip",
    "retry.unknown.outcome, yes",
    "client.id, ''",
  })
  void aValueOutOfItsBoundsIsRefusedWithWhatIsAllowed(String key, String value) {
    assertThatThrownBy(() -> ProducerSettings.from(Map.of("cluster", ADDRESS, key, value)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining(key + " is \"" + value + "\" but may be: ");
  }

  @Test
  void typedValuesAreCheckedToo() {
    ProducerSettings.Builder builder = ProducerSettings.builder(ADDRESS);
    assertThatThrownBy(() -> builder.linger(Duration.ofHours(1)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("linger.ms");
    assertThatThrownBy(() -> builder.batchSizeBytes(-1))
        .isInstanceOf(InvalidSettingException.class);
    assertThatThrownBy(() -> builder.compression("zip"))
        .isInstanceOf(InvalidSettingException.class);
  }

  @Test
  void theClusterMustBeNamed() {
    assertThatThrownBy(() -> ProducerSettings.from(Map.of()))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("cluster must be given");
  }

  @Test
  void builtSettingsDoNotChangeWithTheirBuilder() {
    ProducerSettings.Builder builder = ProducerSettings.builder(ADDRESS);
    ProducerSettings built = builder.build();
    builder.linger(Duration.ofSeconds(1));
    assertThat(built.linger()).isZero();
  }

  /** The table in CLIENTS.md: {@code | `key` | default | allowed | why |}. */
  @Test
  void theDocumentTellsOfEverySetting() throws IOException {
    Map<String, List<String>> documented = new TreeMap<>();
    Pattern row = Pattern.compile("\\| `([a-z.]+)` \\| (.*?) \\| (.*?) \\| (.*?) \\|");
    for (String line : Files.readAllLines(Path.of("..", "CLIENTS.md"))) {
      Matcher matcher = row.matcher(line);
      if (matcher.matches()) {
        documented.put(
            matcher.group(1), List.of(matcher.group(2), matcher.group(3), matcher.group(4)));
      }
    }
    Map<String, List<String>> declared = new TreeMap<>();
    List<Setting<?>> all = new ArrayList<>(ProducerSettings.TABLE.settings());
    all.addAll(ConsumerSettings.TABLE.settings());
    all.addAll(AdminSettings.TABLE.settings());
    all.forEach(setting -> declared.put(setting.key(), row(setting)));
    assertThat(documented).isEqualTo(declared);
  }

  private static <T> List<String> row(Setting<T> setting) {
    T preset = setting.preset();
    return List.of(
        preset == null ? "must be given" : setting.print().apply(preset),
        setting.allowed(),
        setting.why());
  }
}
