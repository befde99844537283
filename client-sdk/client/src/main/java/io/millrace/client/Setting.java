package io.millrace.client;

import io.millrace.client.errors.InvalidSettingException;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One declared setting: everything that is known of it.
 *
 * @param key as in properties: {@code linger.ms}
 * @param preset null: must be given
 * @param allowed for people
 * @param why what it is for
 * @param parse from text; {@link IllegalArgumentException} when it is none
 * @param check the bounds
 * @param print inverse of parse
 */
record Setting<T>(
    String key,
    @Nullable T preset,
    String allowed,
    String why,
    Function<String, T> parse,
    Predicate<T> check,
    Function<T, String> print) {
  private static final String UNSET = "unset";

  static Setting<Duration> millis(String key, long preset, long min, long max, String why) {
    return new Setting<>(
        key,
        Duration.ofMillis(preset),
        min + " to " + max + " ms",
        why,
        text -> Duration.ofMillis(wholeNumber(text)),
        value ->
            value.compareTo(Duration.ofMillis(min)) >= 0
                && value.compareTo(Duration.ofMillis(max)) <= 0,
        value -> Long.toString(value.toMillis()));
  }

  static Setting<Integer> bytes(String key, int preset, int min, int max, String why) {
    return number(key, preset, min, max, " bytes", why);
  }

  static Setting<Integer> count(String key, int preset, int min, int max, String why) {
    return number(key, preset, min, max, "", why);
  }

  private static Setting<Integer> number(
      String key, int preset, int min, int max, String unit, String why) {
    return new Setting<>(
        key,
        preset,
        min + " to " + max + unit,
        why,
        text -> Math.toIntExact(wholeNumber(text)),
        value -> value >= min && value <= max,
        value -> Integer.toString(value));
  }

  static Setting<Boolean> flag(String key, boolean preset, String why) {
    return new Setting<>(
        key,
        preset,
        "true or false",
        why,
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException(text);
            },
        value -> true,
        value -> Boolean.toString(value));
  }

  /**
   * One of an enum's constants, or none of them.
   *
   * @param none what stands for none
   */
  static <E extends Enum<E>> Setting<Optional<E>> choice(
      String key, Class<E> type, String none, String why) {
    List<E> constants = Arrays.asList(type.getEnumConstants());
    return new Setting<>(
        key,
        Optional.empty(),
        none + ", " + constants.stream().map(Setting::label).collect(Collectors.joining(", ")),
        why,
        text -> {
          if (text.equals(none)) {
            return Optional.empty();
          }
          return Optional.of(
              constants.stream()
                  .filter(constant -> label(constant).equals(text))
                  .findFirst()
                  .orElseThrow(() -> new IllegalArgumentException(text)));
        },
        value -> true,
        value -> value.map(Setting::label).orElse(none));
  }

  static Setting<Compression> compression(String key, String why) {
    return new Setting<>(
        key,
        Compressions.NONE,
        "none, gzip, snappy, lz4, zstd, where their libraries are at hand",
        why,
        text -> {
          try {
            return Compressions.named(text);
          } catch (IllegalArgumentException e) {
            boolean missing = Compressions.names().contains(text); // its library is
            String allowed = String.join(", ", Compressions.names());
            throw new InvalidSettingException(
                key,
                key
                    + " is \""
                    + text
                    + "\" but may be: "
                    + allowed
                    + (missing ? "; " + e.getMessage() : ""));
          }
        },
        value -> true,
        Compression::name);
  }

  static Setting<String> text(String key, @Nullable String preset, int maxLength, String why) {
    return new Setting<>(
        key,
        preset,
        "1 to " + maxLength + " characters without control characters",
        why,
        text -> text,
        value ->
            !value.isEmpty()
                && value.length() <= maxLength
                && value.chars().noneMatch(Character::isISOControl),
        value -> value);
  }

  /** As {@link #text}, or nothing at all, which is written as {@code unset}. */
  static Setting<Optional<String>> optionalText(String key, int maxLength, String why) {
    return new Setting<>(
        key,
        Optional.empty(),
        "unset, or 1 to " + maxLength + " characters without control characters",
        why,
        text -> text.equals(UNSET) ? Optional.empty() : Optional.of(text),
        value ->
            value.isEmpty()
                || (!value.get().isEmpty()
                    && value.get().length() <= maxLength
                    && value.get().chars().noneMatch(Character::isISOControl)),
        value -> value.orElse(UNSET));
  }

  private static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static long wholeNumber(String text) {
    if (!text.matches("-?[0-9]{1,18}")) {
      throw new IllegalArgumentException(text);
    }
    return Long.parseLong(text);
  }
}
