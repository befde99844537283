package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void alignsColumnsWithNumbersToTheRightAndNoBlanksAtTheEnd() {
    TextTable table = new TextTable("TOPIC", "PARTITIONS", "ID");
    table.row("orders", 12, "orders~k3v9x2qa");
    table.row("a", 3, "a~1");
    assertThat(table.render(false))
        .isEqualTo(
            """
            TOPIC   PARTITIONS  ID
            orders          12  orders~k3v9x2qa
            a                3  a~1
            """);
  }

  @Test
  void showsTheHeadingsBoldOnlyWhenColoursAreWanted() {
    TextTable table = new TextTable("A");
    table.row("x");
    assertThat(table.render(true)).isEqualTo("\u001b[1mA\u001b[0m\nx\n");
  }

  @Test
  void letsNoCellSteerTheTerminal() {
    TextTable table = new TextTable("A");
    table.row("x\u001b[2J\ny\u202e");
    assertThat(table.render(false)).isEqualTo("A\nx\\u001b[2J y\\u202e\n");
  }
}
