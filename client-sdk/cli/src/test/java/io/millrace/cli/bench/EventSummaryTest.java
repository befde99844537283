package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cli.JsonText;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventSummaryTest {
  private static final Spread NONE = Spread.of(List.of());

  private static EventOutcome joined(int moved, long untouchedMillis, long movedMillis) {
    return new EventOutcome(
        GroupEvent.JOIN,
        0,
        4,
        1,
        moved,
        new Spread(9, 1, untouchedMillis * 1_000_000),
        NONE,
        NONE,
        new Spread(3, 1, movedMillis * 1_000_000),
        NONE,
        NONE,
        1,
        0);
  }

  private final EventSummary summary =
      new EventSummary(List.of(joined(3, 22, 600), joined(4, 30, 400), joined(3, 26, 500)));

  @Test
  void takesTheWorstOfEachEventAndOfTheseTheMiddleAndTheWorst() {
    JsonText json = new JsonText().beginObject();
    summary.json("by_event", json);
    assertThat(json.end().toString())
        .isEqualTo(
            "{\"by_event\":{\"join\":{\"events\":3,"
                + "\"untouched_ms\":{\"count\":3,\"median\":26.000,\"worst\":30.000},"
                + "\"apart_ms\":null,"
                + "\"led_elsewhere_ms\":null,"
                + "\"moved_ms\":{\"count\":3,\"median\":500.000,\"worst\":600.000},"
                + "\"members_ms\":null,\"commits_ms\":null}}}");
  }

  @Test
  void showsAPersonALineForEachKindOfEvent() {
    assertThat(summary.table().lines().skip(2))
        .containsExactly(
            "  event   times  moved  stayed             apart              leader moved       moved              members"
                + "            commits",
            "  join        3    3.3  26 ms / 30 ms      -                  -                  500 ms / 600 ms    -"
                + "                  -");
  }
}
