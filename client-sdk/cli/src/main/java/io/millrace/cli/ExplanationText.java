package io.millrace.cli;

import io.millrace.client.Explanation;
import io.millrace.client.Finding;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Explanations as people, programs and the shell want them. */
record ExplanationText(String kind, Map<String, Explanation> bySubject) {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  String in(OutputOption.Format format, boolean colours) {
    return switch (format) {
      case table ->
          bySubject.entrySet().stream()
              .map(each -> table(each.getKey(), each.getValue(), colours))
              .collect(Collectors.joining("\n"));
      case json -> json() + "\n";
      case name ->
          bySubject.values().stream()
              .flatMap(each -> each.findings().stream())
              .map(finding -> Printable.line(finding.reason()) + "\n")
              .collect(Collectors.joining());
    };
  }

  private String table(String subject, Explanation explanation, boolean colours) {
    String seenBy =
        kind.equals("broker") || explanation.brokerId() < 0
            ? ""
            : ", as broker %d sees it".formatted(explanation.brokerId());
    StringBuilder out = new StringBuilder(Printable.line(subject) + seenBy + "\n");
    TextTable table = new TextTable("STATE", "REASON", "SINCE", "WHAT");
    Set<String> advice = new LinkedHashSet<>();
    for (Finding finding : explanation.findings()) {
      table.row(word(finding), finding.reason(), since(finding), finding.text());
      if (!finding.advice().isEmpty()) {
        advice.add(Printable.line(finding.reason() + ": " + finding.advice()));
      }
    }
    out.append(table.render(colours));
    if (!advice.isEmpty()) {
      out.append('\n').append(String.join("\n", advice)).append('\n');
    }
    return out.toString();
  }

  private static String word(Finding finding) {
    return finding.severity().name().toLowerCase(Locale.ROOT);
  }

  private static String since(Finding finding) {
    if (finding.sinceMillis().isEmpty()) {
      return "-";
    }
    return TIME.format(
        Instant.ofEpochMilli(finding.sinceMillis().getAsLong()).atZone(ZoneId.systemDefault()));
  }

  private JsonText json() {
    JsonText json = new JsonText().beginArray();
    bySubject.forEach(
        (subject, explanation) -> {
          json.beginObject().field(kind, subject).field("seenBy", explanation.brokerId());
          json.name("findings").beginArray();
          for (Finding finding : explanation.findings()) {
            json.beginObject()
                .field("reason", finding.reason())
                .field("severity", word(finding))
                .field("text", finding.text())
                .field("advice", finding.advice())
                .name("sinceMs");
            finding.sinceMillis().ifPresentOrElse(json::value, json::nullValue);
            json.end();
          }
          json.end().end();
        });
    return json.end();
  }
}
