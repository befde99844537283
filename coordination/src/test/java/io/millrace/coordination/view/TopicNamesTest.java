package io.millrace.coordination.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "orders", "Orders-2_x.y", "0", "-", "_", "CONSOLE", "com10", "a..b"})
  void takesOrdinaryNames(String name) {
    assertThat(TopicNames.fault(name)).isNull();
  }

  @Test
  void takesTheLongest() {
    assertThat(TopicNames.fault("x".repeat(TopicNames.MAX_LENGTH))).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "../../x",
        "a\0b",
        "%2e%2e",
        "a\nb",
        "\ud83d\ude00",
        "a\u200fb",
        "CON",
        "nul",
        "Com1",
        "trailing.",
        " a",
        "a b",
        "\u00e4",
        "a:b",
        "a~b",
        "*"
      })
  @DisplayName("B58, B60: what cannot be a topic")
  void b58_refuses(String name) {
    String fault = TopicNames.fault(name);
    assertThat(fault).isNotNull();
    // Fit for a terminal and a log line.
    assertThat(String.valueOf(fault)).matches("[ -~]+");
  }

  @Test
  @DisplayName("B58: 201 characters")
  void b58_refusesTheTooLong() {
    assertThat(TopicNames.fault("x".repeat(201))).contains("201").contains("200");
  }

  @Test
  @DisplayName("B59: a.b and a_b would share a metric's name")
  void b59_knowsCollisions() {
    assertThat(TopicNames.collisionKey("a.b")).isEqualTo(TopicNames.collisionKey("a_b"));
    assertThat(TopicNames.collisionKey("a-b")).isNotEqualTo(TopicNames.collisionKey("a_b"));
  }
}
