package io.millrace.cli;

import io.millrace.client.SettingDescription;
import java.util.List;
import java.util.Locale;

/** Settings with where each comes from, for people and for programs. */
final class SettingsText {
  private SettingsText() {}

  static String table(List<SettingDescription> settings, boolean colours) {
    TextTable table = new TextTable("SETTING", "VALUE", "FROM", "DEFAULT");
    for (SettingDescription setting : settings) {
      boolean builtIn = setting.source() == SettingDescription.Source.BUILT_IN;
      table.row(
          setting.key(),
          setting.value().isEmpty() ? "-" : setting.value(),
          source(setting),
          builtIn ? "" : setting.defaultValue());
    }
    return table.render(colours);
  }

  /** An array of objects, after a name or in an array. */
  static void json(List<SettingDescription> settings, JsonText json) {
    json.beginArray();
    for (SettingDescription setting : settings) {
      json.beginObject().field("key", setting.key()).field("value", setting.value());
      json.field("source", source(setting)).field("default", setting.defaultValue());
      json.field("allowed", setting.allowed()).field("about", setting.documentation());
      json.field("dynamic", setting.dynamic()).end();
    }
    json.end();
  }

  private static String source(SettingDescription setting) {
    return switch (setting.source()) {
      case BUILT_IN -> "default";
      case COMMAND_LINE -> "command line";
      default -> setting.source().name().toLowerCase(Locale.ROOT);
    };
  }
}
