package io.millrace.server.cluster;

import io.millrace.coordination.view.ClusterImage;
import java.util.function.Supplier;

/** The newest catalog: set on the store's loop, read by any thread. */
public final class CurrentCatalog implements Supplier<Catalog> {
  private final int self;
  private volatile Catalog newest;

  /**
   * @param self this broker's id
   */
  public CurrentCatalog(int self) {
    this.self = self;
    this.newest = Catalog.of(self, ClusterImage.EMPTY);
  }

  /** Keeps and returns it. */
  public Catalog set(ClusterImage image) {
    Catalog catalog = Catalog.of(self, image);
    newest = catalog;
    return catalog;
  }

  @Override
  public Catalog get() {
    return newest;
  }
}
