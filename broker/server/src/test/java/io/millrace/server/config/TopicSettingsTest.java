package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.SettingSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicSettingsTest {
  private static TopicSettings understood(Map<String, String> own) {
    return TopicSettings.understood(own, 1, TopicDefaults.BUILT_IN);
  }

  private static TopicSettings.Outcome check(Map<String, String> own) {
    return TopicSettings.check(own, 1, TopicDefaults.BUILT_IN);
  }

  private static List<String> faults(Map<String, String> own) {
    return new TopicSettingCheck(TopicDefaults.BUILT_IN, 64 << 20).faults(own, 1);
  }

  @Test
  @DisplayName("defaults.md: what a topic without settings is like")
  void aTopicWithoutSettingsIsStandardAndKeepsAWeek() {
    TopicSettings settings = understood(Map.of());
    assertThat(settings.durability()).isEqualTo(Durability.STANDARD);
    assertThat(settings.isStrict()).isFalse();
    assertThat(settings.timestampKind()).isEqualTo(TimestampKind.CREATE);
    assertThat(settings.recordMaxBytes()).isEqualTo(1 << 20);
    assertThat(settings.batchMaxBytes()).isGreaterThan(settings.recordMaxBytes());
    long week = 7L * 24 * 3600 * 1000;
    assertThat(settings.log()).isEqualTo(new LogSettings(1 << 30, week, week, -1));
  }

  @Test
  @DisplayName("defaults.md: minimum in sync is min(2, replicas), unless it is set")
  void needsNoMoreInSyncThanItHasReplicas() {
    assertThat(understood(Map.of()).minInSync()).isEqualTo(1);
    assertThat(TopicSettings.understood(Map.of(), 3, TopicDefaults.BUILT_IN).minInSync())
        .isEqualTo(2);
    assertThat(understood(Map.of("min.in.sync", "3")).minInSync()).isEqualTo(3);
    assertThat(understood(Map.of("min.in.sync", "NaN")).minInSync()).isEqualTo(1);
  }

  @Test
  void refusesAnUnknownSettingAndOneOutOfBounds() {
    TopicSettings.Outcome outcome = check(Map.of("durabilty", "leader", "segment.bytes", "10GB"));
    assertThat(outcome).isInstanceOf(TopicSettings.Outcome.Refused.class);
    assertThat(((TopicSettings.Outcome.Refused) outcome).problems())
        .extracting(SettingProblem::message)
        .anyMatch(message -> message.contains("did you mean durability?"))
        .anyMatch(message -> message.startsWith("segment.bytes=10GB"));
  }

  @ParameterizedTest
  @DisplayName("B63: refused with key, value and what is allowed")
  @CsvSource({
    "retention.ms, -2, for ever",
    "retention.ms, 0, for ever",
    "retention.ms, 7d, without a unit",
    "retention.ms, 7 days, without a unit",
    "retention.ms, 1e6, 3155760000000",
    "retention.ms, 18446744073709551616, 3155760000000",
    "retention.ms, NaN, 3155760000000",
    "retention.ms, '', 3155760000000",
    "retention.bytes, 10GB, without a unit",
    "retention.bytes, 10 GiB, without a unit",
    "retention.bytes, -1.0, without limit",
    "segment.bytes, 65535, 65536",
    "segment.bytes, 2147483648, 2013265919",
    "segment.ms, 999, 1000",
    "segment.ms, -1, 1000",
    "durability, none, 'leader, standard, synced'",
    "durability, Standard, 'leader, standard, synced'",
    "durability.strict, yes, true or false",
    "min.in.sync, 0, 1 to 100",
    "record.max.bytes, 67108864, 67043328",
    "timestamp.kind, log, 'create, append'",
  })
  void b63_refusesWhatIsNotAllowed(String key, String value, String allowed) {
    assertThat(faults(Map.of(key, value)))
        .singleElement()
        .asString()
        .startsWith(key + "=" + value)
        .contains("allowed: ", allowed);
  }

  @Test
  @DisplayName("B62: a minimum in sync above the replicas")
  void b62_refusesAMinimumNobodyCanMeet() {
    assertThat(faults(Map.of("min.in.sync", "2")))
        .singleElement()
        .asString()
        .contains("min.in.sync=2", "1 replicas", "allowed: 1 to 1");
  }

  @Test
  void refusesARecordThatFitsIntoNoRequest() {
    assertThat(
            new TopicSettingCheck(TopicDefaults.BUILT_IN, 2 << 20)
                .faults(Map.of("record.max.bytes", "4000000"), 1))
        .singleElement()
        .asString()
        .contains("record.max.bytes=4000000", "request.max.bytes", "2097152");
    assertThat(faults(Map.of("record.max.bytes", Integer.toString((64 << 20) - (64 << 10)))))
        .isEmpty();
  }

  @Test
  void leavesWhatANewerBrokerWroteAtItsDefault() {
    TopicSettings settings = understood(Map.of("durability", "leader", "colour", "blue"));
    assertThat(settings.durability()).isEqualTo(Durability.LEADER);
  }

  @Test
  void laysATopicsOwnOverTheOperatorsDefaultsAndSaysWhichIsWhich() {
    TopicDefaults defaults =
        new TopicDefaults(
            false,
            1,
            Map.of(
                "retention.ms",
                new PropertiesText.Entry("60000", "a file", SettingSource.FROM_FILE),
                "segment.ms",
                new PropertiesText.Entry("2000", "--set", SettingSource.FROM_COMMAND_LINE)));
    Map<String, String> own = Map.of("retention.ms", "-1", "colour", "blue");

    assertThat(TopicSettings.understood(own, 1, defaults).log())
        .isEqualTo(new LogSettings(1 << 30, 2_000, -1, -1));
    List<EffectiveSetting> all = EffectiveSetting.ofTopic(own, 1, defaults);
    assertThat(all).hasSize(TopicKeys.all().size() + 1).allMatch(EffectiveSetting::isDynamic);
    assertThat(all)
        .extracting(
            setting -> setting.key().name(),
            EffectiveSetting::value,
            EffectiveSetting::defaultValue,
            EffectiveSetting::source)
        .contains(
            tuple("retention.ms", "-1", "60000", SettingSource.FROM_TOPIC),
            tuple("segment.ms", "2000", "2000", SettingSource.FROM_COMMAND_LINE),
            tuple("durability", "standard", "standard", SettingSource.BUILT_IN),
            tuple("min.in.sync", "1", "1", SettingSource.BUILT_IN),
            tuple("colour", "blue", "", SettingSource.FROM_TOPIC));
  }
}
