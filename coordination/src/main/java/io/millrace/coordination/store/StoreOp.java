package io.millrace.coordination.store;

import com.google.protobuf.ByteString;

/** One step of a transaction. Versions are from reads: there is no "whatever it is". */
public sealed interface StoreOp {
  String path();

  /** Makes a node; its parent must be there, or be made by an earlier step. */
  record Create(String path, ByteString data, NodeKind kind) implements StoreOp {}

  /** Writes a node of exactly this version. */
  record Set(String path, ByteString data, int expectedVersion) implements StoreOp {
    public Set {
      requireRead(expectedVersion);
    }
  }

  /** Deletes a node of exactly this version. */
  record Delete(String path, int expectedVersion) implements StoreOp {
    public Delete {
      requireRead(expectedVersion);
    }
  }

  /** Changes nothing; the transaction fails unless the node has this version. */
  record Check(String path, int expectedVersion) implements StoreOp {
    public Check {
      requireRead(expectedVersion);
    }
  }

  /** ZooKeeper takes -1 for any version, which would turn a mistake into a blind write. */
  private static void requireRead(int version) {
    if (version < 0) {
      throw new IllegalArgumentException("version " + version + " is not from a read");
    }
  }
}
