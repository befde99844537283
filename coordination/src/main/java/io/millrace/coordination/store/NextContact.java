package io.millrace.coordination.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

/**
 * For those who have to try again after a write of unknown outcome: not before there is contact,
 * and not in a tight circle. Owner: the store's loop. Used once.
 */
public final class NextContact {
  private static final long PAUSE_MILLIS = 50;

  private final ClusterStore store;
  private final Runnable then;
  private ClusterStore.Subscription subscription = () -> {};
  private boolean isOver;

  private NextContact(ClusterStore store, Runnable then) {
    this.store = store;
    this.then = then;
  }

  /** Runs it once, in contact, a moment from now or as soon as contact is back. */
  public static void then(ClusterStore store, Runnable then) {
    NextContact next = new NextContact(store, then);
    store.loop().schedule(MILLISECONDS.toNanos(PAUSE_MILLIS), next::begin);
  }

  private void begin() {
    subscription = store.onSession(this::onSession);
    if (isOver) {
      subscription.close();
    }
  }

  private void onSession(SessionEvent event) {
    if (event instanceof SessionEvent.Connected && !isOver) {
      isOver = true;
      subscription.close();
      then.run();
    }
  }
}
