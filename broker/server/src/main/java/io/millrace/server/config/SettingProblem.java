package io.millrace.server.config;

import java.util.regex.Pattern;

/**
 * One reason not to start: always names the key, the value, where it was set and what is allowed.
 */
public record SettingProblem(String message) {
  /** In a secret's place. */
  static final String HIDDEN = "(hidden)";

  /** What people write who are used to units. */
  private static final Pattern UNIT = Pattern.compile("[0-9.]{1,18} ?[A-Za-z]{1,12}");

  static SettingProblem notAllowed(Key<?> key, String value, String origin) {
    return new SettingProblem(
        key.name()
            + "="
            + (key.isSecret() ? HIDDEN : printable(value))
            + " ("
            + origin
            + ") is not allowed; allowed: "
            + key.allowed()
            + (UNIT.matcher(value).matches() ? ", written without a unit" : ""));
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
