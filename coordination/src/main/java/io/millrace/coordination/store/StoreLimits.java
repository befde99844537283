package io.millrace.coordination.store;

import com.google.protobuf.ByteString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one request may be. ZooKeeper's servers close the connection of a client that sends more
 * than {@code jute.maxbuffer}, 1,048,575 bytes by default, so a request is measured before it goes.
 */
public final class StoreLimits {
  /** Of one node's data; leaves room for the path and the head of a request. */
  public static final int MAX_NODE_BYTES = 1_000_000;

  /** Of a whole transaction: data, paths and {@link #OP_OVERHEAD_BYTES} a step. */
  public static final int MAX_TRANSACTION_BYTES = 1_000_000;

  /** More than what ZooKeeper's encoding adds to a step's path and data. */
  public static final int OP_OVERHEAD_BYTES = 64;

  /** Of what is read: a node larger than this was not written by us, and is not looked into. */
  public static final int MAX_READ_BYTES = 1 << 20;

  private StoreLimits() {}

  /** The share of a transaction that this step takes. */
  public static int sizeBytes(StoreOp op) {
    int data = 0;
    if (op instanceof StoreOp.Create create) {
      data = create.data().size();
    } else if (op instanceof StoreOp.Set set) {
      data = set.data().size();
    }
    return OP_OVERHEAD_BYTES + op.path().length() + data;
  }

  /** Why it is too large, or null when it is not. */
  public static @Nullable String excess(String path, ByteString data) {
    return data.size() <= MAX_NODE_BYTES
        ? null
        : path + " would hold " + data.size() + " bytes, the limit is " + MAX_NODE_BYTES;
  }

  /** Why they are too large for one transaction, or null when they are not. */
  public static @Nullable String excess(List<StoreOp> ops) {
    long total = 0;
    for (StoreOp op : ops) {
      total += sizeBytes(op);
    }
    return total <= MAX_TRANSACTION_BYTES
        ? null
        : ops.size()
            + " steps of "
            + total
            + " bytes, the limit of a transaction is "
            + MAX_TRANSACTION_BYTES;
  }
}
