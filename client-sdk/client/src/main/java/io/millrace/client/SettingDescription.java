package io.millrace.client;

/**
 * A setting of a topic or of a broker, as the cluster describes it.
 *
 * @param value what holds now, as it would be written; empty for a secret
 * @param defaultValue what would hold if nobody had set it
 * @param allowed for people: unit and bounds, or the choices
 * @param documentation for people
 * @param dynamic whether it may change without a restart
 */
public record SettingDescription(
    String key,
    String value,
    String defaultValue,
    Source source,
    String allowed,
    String documentation,
    boolean dynamic) {

  /** Where a value comes from. */
  public enum Source {
    /** Nobody has set it. */
    BUILT_IN,
    /** Set for this topic. */
    TOPIC,
    /** The broker's configuration file. */
    FILE,
    /** The environment of the broker's process. */
    ENVIRONMENT,
    /** The command line of the broker's process. */
    COMMAND_LINE,
    /** The broker is newer than this client and knows a source that this client does not. */
    OTHER
  }
}
