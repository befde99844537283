package io.millrace.coordination.view;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a topic may be called. A name becomes part of paths, of directories and of metric names, so
 * it is looked at before any of them is built: B58, B60.
 */
public final class TopicNames {
  /** In characters, all of them ASCII. */
  public static final int MAX_LENGTH = 200;

  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._-]+");

  /** Devices of Windows, where a client may keep files named after topics. */
  private static final Pattern DEVICE = Pattern.compile("(?i)con|prn|aux|nul|com[0-9]|lpt[0-9]");

  private TopicNames() {}

  /** What is wrong with the name, for people; null when nothing is. */
  public static @Nullable String fault(String name) {
    if (name.isEmpty()) {
      return "a topic's name is empty";
    }
    if (name.length() > MAX_LENGTH) {
      return "a topic's name has " + name.length() + " characters, the limit is " + MAX_LENGTH;
    }
    if (name.endsWith(".")) {
      return "a topic's name cannot end in a dot: \"" + shown(name) + "\"";
    }
    if (DEVICE.matcher(name).matches()) {
      return "a topic cannot be called \"" + name + "\", which names a device on some systems";
    }
    return ALLOWED.matcher(name).matches()
        ? null
        : "the topic name \""
            + shown(name)
            + "\" holds other characters than letters A to Z, digits, \".\", \"_\" and \"-\"";
  }

  /**
   * Equal for names that may not exist beside each other, because metric names turn dots into
   * underscores: B59.
   */
  public static String collisionKey(String name) {
    return name.replace('.', '_');
  }

  /** Whether another name may have the same {@link #collisionKey}. */
  public static boolean mayCollide(String name) {
    return name.indexOf('.') >= 0 || name.indexOf('_') >= 0;
  }

  /** Safe for a terminal and a log, whatever the name holds. */
  static String shown(String name) {
    StringBuilder shown = new StringBuilder();
    name.chars()
        .forEach(
            c -> {
              if (c >= ' ' && c < 127) {
                shown.append((char) c);
              } else {
                shown.append(String.format("\\u%04x", c));
              }
            });
    return shown.toString();
  }
}
