package io.millrace.server.config;

import io.millrace.coordination.view.ZooKeeperAddress;
import io.millrace.rpc.Endpoint;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * One declared setting.
 *
 * @param name as written in files: lower-case words with dots between them
 * @param unit of the value, for people; empty for text
 * @param defaultText as it would be written; parses to a value
 * @param allowed what a value may be, for error messages and the sample file
 * @param reason why one would change it
 * @param isSecret its value is shown to nobody
 * @param parser empty when the text is not a value of this key
 */
public record Key<T>(
    String name,
    String unit,
    String defaultText,
    String allowed,
    String reason,
    boolean isSecret,
    Function<String, Optional<T>> parser) {
  /** Before the names of the broker's keys that say what topics have. */
  static final String TOPIC_PREFIX = "topic.";

  private static final String ADDRESS = "host:port, IPv6 in brackets, port 0 to 65535";

  private Key(
      String name,
      String unit,
      String defaultText,
      String allowed,
      String reason,
      Function<String, Optional<T>> parser) {
    this(name, unit, defaultText, allowed, reason, false, parser);
  }

  /** The same key, of which only that it is set may be told. */
  Key<T> secret() {
    return new Key<>(name, unit, defaultText, allowed, reason, true, parser);
  }

  /** What a topic has that does not set this key itself, as a key of the broker's. */
  Key<T> asTopicDefault() {
    return new Key<>(
        TOPIC_PREFIX + name,
        unit,
        defaultText,
        allowed,
        "What topics have that do not set " + name + ". " + reason,
        isSecret,
        parser);
  }

  /**
   * A whole number, or -1 for none.
   *
   * @param none what -1 means, for people
   */
  static Key<Long> bound(
      String name, String unit, long preset, long min, long max, String none, String why) {
    return new Key<>(
        name,
        unit,
        Long.toString(preset),
        "-1 (" + none + "), or " + min + " to " + max + " " + unit,
        why,
        text -> text.equals("-1") ? Optional.of(-1L) : wholeNumber(text, min, max));
  }

  static Key<Long> longInteger(
      String name, String unit, long preset, long min, long max, String why) {
    return new Key<>(
        name,
        unit,
        Long.toString(preset),
        min + " to " + max + " " + unit,
        why,
        text -> wholeNumber(text, min, max));
  }

  static Key<Integer> integer(String name, String unit, int preset, int min, int max, String why) {
    return new Key<>(
        name,
        unit,
        Integer.toString(preset),
        min + " to " + max + (unit.isEmpty() ? "" : " " + unit),
        why,
        text -> wholeNumber(text, min, max).map(Long::intValue));
  }

  static Key<Boolean> flag(String name, boolean preset, String why) {
    return new Key<>(
        name,
        "",
        Boolean.toString(preset),
        "true or false",
        why,
        text ->
            switch (text) {
              case "true" -> Optional.of(true);
              case "false" -> Optional.of(false);
              default -> Optional.empty();
            });
  }

  static Key<String> text(String name, String preset, int maxLength, boolean empty, String why) {
    return new Key<>(
        name,
        "",
        preset,
        (empty ? "0" : "1") + " to " + maxLength + " characters without control characters",
        why,
        text ->
            text.length() <= maxLength
                    && (empty || !text.isEmpty())
                    && text.chars().noneMatch(Character::isISOControl)
                ? Optional.of(text)
                : Optional.empty());
  }

  static <E extends Enum<E>> Key<E> choice(String name, E preset, List<E> choices, String why) {
    return new Key<>(
        name,
        "",
        choiceName(preset),
        String.join(", ", choices.stream().map(Key::choiceName).toList()),
        why,
        text -> choices.stream().filter(choice -> choiceName(choice).equals(text)).findFirst());
  }

  /** {@code host:port}. */
  static Key<Endpoint> address(String name, String preset, String why) {
    return new Key<>(name, "", preset, ADDRESS, why, Addresses::parse);
  }

  /** As {@link #address}, or empty text for none. */
  static Key<Optional<Endpoint>> optionalAddress(String name, String why) {
    return optionalAddress(name, "", ADDRESS, why);
  }

  static Key<Optional<Endpoint>> optionalAddress(
      String name, String preset, String allowed, String why) {
    return new Key<>(
        name,
        "",
        preset,
        allowed,
        why,
        text ->
            text.isEmpty()
                ? Optional.of(Optional.empty())
                : Addresses.parse(text).flatMap(endpoint -> Optional.of(Optional.of(endpoint))));
  }

  /** {@code host:port,host:port/path}. */
  static Key<ZooKeeperAddress> zooKeeper(String name, String preset, String why) {
    return new Key<>(
        name,
        "",
        preset,
        "host:port,host:port/path with IPv6 in brackets",
        why,
        text -> {
          try {
            return Optional.of(ZooKeeperAddress.parse(text));
          } catch (IllegalArgumentException e) {
            return Optional.empty();
          }
        });
  }

  /** One that is not known here, perhaps a newer broker's: it has no effect. */
  static Key<String> foreign(String name) {
    return new Key<>(
        name, "", "", "not known here", "Not known to this broker, without effect.", Optional::of);
  }

  T preset() {
    return parser.apply(defaultText).orElseThrow();
  }

  /** {@code MILLRACE_SECTION_KEY} for {@code section.key}. */
  String environmentName() {
    return "MILLRACE_" + name.replace('.', '_').toUpperCase(Locale.ROOT);
  }

  private static String choiceName(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /** Digits only, perhaps with a minus: no plus, no blanks, no underscores, no exponents. */
  private static Optional<Long> wholeNumber(String text, long min, long max) {
    int digits = text.startsWith("-") ? text.length() - 1 : text.length();
    if (digits < 1
        || digits > 18
        || !text.chars().skip(text.length() - digits).allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.empty();
    }
    long value = Long.parseLong(text);
    return value < min || value > max ? Optional.empty() : Optional.of(value);
  }
}
