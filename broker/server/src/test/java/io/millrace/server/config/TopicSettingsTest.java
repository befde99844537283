package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.Durability;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicSettingsTest {
  @Test
  void aTopicWithoutSettingsIsStandard() {
    TopicSettings settings = TopicSettings.understood(Map.of());
    assertThat(settings.durability()).isEqualTo(Durability.STANDARD);
    assertThat(settings.batchMaxBytes()).isGreaterThan(settings.recordMaxBytes());
  }

  @Test
  void refusesAnUnknownSettingAndOneOutOfBounds() {
    TopicSettings.Outcome outcome =
        TopicSettings.check(Map.of("durabilty", "leader", "segment.bytes", "10GB"));
    assertThat(outcome).isInstanceOf(TopicSettings.Outcome.Refused.class);
    assertThat(((TopicSettings.Outcome.Refused) outcome).problems())
        .extracting(SettingProblem::message)
        .anyMatch(message -> message.contains("did you mean durability?"))
        .anyMatch(message -> message.startsWith("segment.bytes=10GB"));
  }

  @Test
  void aTopicCannotBeOfTheLevelThatPromisesNothing() {
    assertThat(TopicSettings.check(Map.of("durability", "none")))
        .isInstanceOf(TopicSettings.Outcome.Refused.class);
  }

  @Test
  void leavesWhatANewerBrokerWroteAtItsDefault() {
    TopicSettings settings =
        TopicSettings.understood(Map.of("durability", "leader", "colour", "blue"));
    assertThat(settings.durability()).isEqualTo(Durability.LEADER);
  }
}
