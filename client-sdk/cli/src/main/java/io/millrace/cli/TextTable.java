package io.millrace.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows under headings, columns as wide as what is in them. Cells that are all digits stand to the
 * right.
 */
final class TextTable {
  private static final String GAP = "  ";
  private static final String BOLD = "\u001b[1m";
  private static final String PLAIN = "\u001b[0m";

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  TextTable(String... headings) {
    this.headings = List.of(headings);
  }

  void row(Object... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(cells.length + " cells under " + headings);
    }
    List<String> row = new ArrayList<>(cells.length);
    for (Object cell : cells) {
      row.add(Printable.line(cell.toString()));
    }
    rows.add(row);
  }

  String render(boolean colours) {
    StringBuilder out = new StringBuilder();
    if (colours) {
      out.append(BOLD);
    }
    line(headings, out);
    if (colours) {
      out.insert(out.length() - 1, PLAIN);
    }
    for (List<String> row : rows) {
      line(row, out);
    }
    return out.toString();
  }

  private void line(List<String> cells, StringBuilder out) {
    int start = out.length();
    for (int column = 0; column < cells.size(); column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(width(column) - cell.length());
      out.append(isNumeric(column) ? padding + cell : cell + padding).append(GAP);
    }
    int end = out.length();
    while (end > start && out.charAt(end - 1) == ' ') {
      end--;
    }
    out.setLength(end);
    out.append('\n');
  }

  private int width(int column) {
    int width = headings.get(column).length();
    for (List<String> row : rows) {
      width = Math.max(width, row.get(column).length());
    }
    return width;
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty()
        && rows.stream().allMatch(row -> row.get(column).matches("[0-9][0-9,]*|-"));
  }
}
