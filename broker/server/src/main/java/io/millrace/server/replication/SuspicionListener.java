package io.millrace.server.replication;

/**
 * Hears which brokers do not seem to be there any more, on the store's loop. A suspicion may be
 * wrong; whoever acts on it must be safe even so.
 */
public interface SuspicionListener {
  SuspicionListener NOBODY =
      new SuspicionListener() {
        @Override
        public void suspected(int brokerId, int incarnation, String why) {}

        @Override
        public void cleared(int brokerId, int incarnation) {}
      };

  /**
   * @param incarnation the life of the broker that is meant
   * @param why for people, as a clause: "no answer for 120 ms"
   */
  void suspected(int brokerId, int incarnation, String why);

  /** It answers again, or is not watched any more. */
  void cleared(int brokerId, int incarnation);
}
