package io.millrace.client.run;

/** Whether the application may be called. Any thread. */
public interface Gate {
  /** Always. */
  Gate OPEN =
      new Gate() {
        @Override
        public boolean tryTake() {
          return true;
        }

        @Override
        public void giveBack() {}

        @Override
        public boolean isOpen() {
          return true;
        }
      };

  /** Takes the permission for one call, if there is one. */
  boolean tryTake();

  /** It was not used. */
  void giveBack();

  /** Whether there is a permission. */
  boolean isOpen();
}
