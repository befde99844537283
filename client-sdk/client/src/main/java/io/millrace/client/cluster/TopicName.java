package io.millrace.client.cluster;

import io.millrace.client.errors.InvalidRequestException;
import java.util.regex.Pattern;

/** The rule for topic names; what breaks it is not worth a question to anybody. */
final class TopicName {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,200}");

  private TopicName() {}

  static boolean isValid(String name) {
    return VALID.matcher(name).matches() && !name.equals(".") && !name.equals("..");
  }

  static InvalidRequestException invalid(String name) {
    String shown = name.length() > 50 ? name.substring(0, 50) + "…" : name;
    return new InvalidRequestException(
        "\""
            + shown
            + "\" is no topic name: 1 to 200 characters of A-Z a-z 0-9 . _ -, not . or ..");
  }
}
