package io.millrace.server.cluster;

import java.util.function.Consumer;

/**
 * Whether this broker wants to lead at all, as its fetches say: not while it drains, nor without
 * room on its disk. Owner: the store's loop.
 */
final class LeadershipWish {
  private final Consumer<Boolean> tellPeers;
  private boolean isDraining;
  private boolean isFull;

  /**
   * @param tellPeers that it wants none, or some again
   */
  LeadershipWish(Consumer<Boolean> tellPeers) {
    this.tellPeers = tellPeers;
  }

  void setDraining(boolean draining) {
    isDraining = draining;
    tellPeers.accept(isDraining || isFull);
  }

  void setFull(boolean full) {
    isFull = full;
    tellPeers.accept(isDraining || isFull);
  }
}
