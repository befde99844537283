package io.millrace.server.config;

/**
 * One reason not to start: always names the key, the value, where it was set and what is allowed.
 */
public record SettingProblem(String message) {
  static SettingProblem notAllowed(Key<?> key, String value, String origin) {
    return new SettingProblem(
        key.name()
            + "="
            + printable(value)
            + " ("
            + origin
            + ") is not allowed; allowed: "
            + key.allowed());
  }

  static SettingProblem unknown(String name, String value, String origin, String nearest) {
    return new SettingProblem(
        "unknown key "
            + printable(name)
            + "="
            + printable(value)
            + " ("
            + origin
            + "); did you mean "
            + nearest
            + "?");
  }

  /** Nothing that could steer a terminal, and not pages of it. */
  static String printable(String text) {
    String shortened = text.length() <= 120 ? text : text.substring(0, 120) + "…";
    StringBuilder out = new StringBuilder(shortened.length());
    shortened
        .codePoints()
        .forEach(
            c ->
                out.append(
                    Character.isISOControl(c) || Character.getType(c) == Character.FORMAT
                        ? String.format("\\u%04x", c)
                        : Character.toString(c)));
    return out.toString();
  }
}
