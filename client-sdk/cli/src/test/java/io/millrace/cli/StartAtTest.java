package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartAtTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @Test
  void readsWordsOffsetsTimesAndAges() {
    assertThat(parse("earliest")).isEqualTo(new StartAt.Earliest());
    assertThat(parse("latest")).isEqualTo(new StartAt.Latest());
    assertThat(parse("0")).isEqualTo(new StartAt.Offset(0));
    assertThat(parse("9223372036854775807")).isEqualTo(new StartAt.Offset(Long.MAX_VALUE));
    assertThat(parse("@1761984000000")).isEqualTo(new StartAt.Time(1_761_984_000_000L));
    assertThat(parse("1970-01-02T00:00:00Z")).isEqualTo(new StartAt.Time(86_400_000));
    assertThat(parse("1970-01-02T00:00:00.5+01:00")).isEqualTo(new StartAt.Time(82_800_500));
    assertThat(parse("90s")).isEqualTo(new StartAt.Ago(90_000));
    assertThat(parse("15m")).isEqualTo(new StartAt.Ago(900_000));
    assertThat(parse("2h")).isEqualTo(new StartAt.Ago(7_200_000));
    assertThat(parse("7d")).isEqualTo(new StartAt.Ago(604_800_000));
  }

  @Test
  void takesATimeWithoutAZoneAsTheUsersOwn() {
    assertThat(parse("1970-01-02")).isEqualTo(new StartAt.Time(82_800_000));
    assertThat(parse("1970-01-02T01:00")).isEqualTo(new StartAt.Time(86_400_000));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-1",
        "1.5",
        "9223372036854775808",
        "Earliest",
        "yesterday",
        "15 m",
        "@",
        "@-5",
        "2026-13-01",
        "2026-02-30",
        "T10:00",
        "10:00",
        "99999999999d",
        "\u0661"
      })
  void refusesAnythingElseAndSaysWhatIsAllowed(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' is none of: earliest, latest, an offset");
  }

  private static StartAt parse(String text) {
    return StartAt.parse(text, BERLIN);
  }
}
