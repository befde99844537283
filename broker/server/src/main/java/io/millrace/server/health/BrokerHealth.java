package io.millrace.server.health;

/** Whether a broker is alive, and whether it is of use. Any thread; never blocks. */
public interface BrokerHealth {
  /** Bad only when nothing but a restart can help. */
  Verdict live();

  /**
   * Whether it serves: registered, its session alive, its disk usable, neither starting nor
   * stopping.
   */
  Verdict ready();

  /**
   * @param reason for people, one line; never empty
   */
  record Verdict(boolean isGood, String reason) {}
}
